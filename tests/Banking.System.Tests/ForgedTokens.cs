using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Banking.Host.Security;
using Banking.Testing;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Banking.System.Tests;

/// <summary>Tokens with one error each. Unless the signature is the error, the bank's own key signs them.</summary>
internal sealed class ForgedTokens(BankFixture bank)
{
    private readonly SecurityKey _key = bank.Host.Services.GetRequiredService<IOptionsMonitor<JwtBearerOptions>>()
        .Get(JwtBearerDefaults.AuthenticationScheme).TokenValidationParameters.IssuerSigningKey;

    private static DateTime Now => TimeProvider.System.GetUtcNow().UtcDateTime;

    public static IReadOnlyList<string> Kinds { get; } =
    [
        "none", "expired", "not yet valid", "without expiry", "wrong audience", "wrong issuer", "alg none", "alg none with a signature",
        "other key", "public key as a secret", "other type", "body changed", "signature cut", "garbage", "empty",
    ];

    public string? Make(string kind) => kind switch
    {
        "none" => null,
        "expired" => Signed(t => (t.NotBefore, t.Expires) = (Now.AddHours(-2), Now.AddMinutes(-2))),
        "not yet valid" => Signed(t => (t.NotBefore, t.Expires) = (Now.AddMinutes(5), Now.AddHours(1))),
        "without expiry" => Unlimited(),
        "wrong audience" => Signed(t => t.Audience = "another-bank"),
        "wrong issuer" => Signed(t => t.Issuer = "another-issuer"),
        "alg none" => Unsigned(""),
        "alg none with a signature" => Unsigned(Good.Split('.')[2]),
        "other key" => Signed(t => t.SigningCredentials = new(
            new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = _key.KeyId }, SecurityAlgorithms.EcdsaSha256)),
        "public key as a secret" => Signed(t => t.SigningCredentials = new(
            new SymmetricSecurityKey(((ECDsaSecurityKey)_key).ECDsa.ExportSubjectPublicKeyInfo()) { KeyId = _key.KeyId },
            SecurityAlgorithms.HmacSha256)),
        "other type" => Signed(t => t.TokenType = "logout+jwt"),
        "body changed" => string.Join('.', Good.Split('.')[0], Encode("""{"sub":"dev-teller","role":"operator"}"""), Good.Split('.')[2]),
        "signature cut" => Good[..^4],
        "garbage" => "garbage",
        "empty" => "",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such forgery."),
    };

    /// <summary>A token with exactly these claims, signed by the bank's own key.</summary>
    public string With(Dictionary<string, object> claims) => Signed(t => t.Claims = claims);

    private string Good => Signed(_ => { });

    private string Signed(Action<SecurityTokenDescriptor> change)
    {
        var token = new SecurityTokenDescriptor
        {
            Issuer = DevTokens.Issuer,
            Audience = DevTokens.Audience,
            TokenType = "at+jwt",
            NotBefore = Now.AddMinutes(-1),
            Expires = Now.AddHours(1),
            SigningCredentials = new(_key, SecurityAlgorithms.EcdsaSha256),
            Claims = new Dictionary<string, object> { ["sub"] = "dev-teller", ["role"] = "teller" },
        };
        change(token);
        return new JsonWebTokenHandler().CreateToken(token);
    }

    private string Unlimited()
    {
        var handler = new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false };
        return handler.CreateToken(
            $$"""{"iss":"{{DevTokens.Issuer}}","aud":"{{DevTokens.Audience}}","sub":"dev-teller","role":"teller"}""",
            new SigningCredentials(_key, SecurityAlgorithms.EcdsaSha256));
    }

    private static string Unsigned(string signature) => string.Join(
        '.',
        Encode("""{"alg":"none","typ":"at+jwt"}"""),
        Encode($$"""{"iss":"{{DevTokens.Issuer}}","aud":"{{DevTokens.Audience}}","sub":"dev-teller","role":"teller","exp":4102444800}"""),
        signature);

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
}
