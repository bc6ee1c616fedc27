using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Banking.Host.Security;
using Banking.Testing;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.Tokens;

namespace Banking.System.Tests;

/// <summary>Tokens with a valid signature but unsupported headers, or a caller that cannot be stored.</summary>
public sealed class UnsupportedTokenTests(BankFixture bank) : IClassFixture<BankFixture>
{
    public static TheoryData<string, string, string> Unsupported =>
        new()
        {
            { "a critical header", """{"alg":"ES256","typ":"at+jwt","crit":["exp"]}""", """{"sub":"eva","role":"teller"}""" },
            { "an empty list of critical headers", """{"alg":"ES256","typ":"at+jwt","crit":[]}""", """{"sub":"eva","role":"teller"}""" },
            {
                "an unknown critical header",
                """{"alg":"ES256","typ":"at+jwt","crit":["b64"],"b64":false}""",
                """{"sub":"eva","role":"teller"}"""
            },
            { "an empty subject", Plain, """{"sub":"","role":"teller"}""" },
            { "a blank subject", Plain, """{"sub":" ","role":"teller"}""" },
            { "a NUL in the subject", Plain, """{"sub":"e\u0000va","role":"teller"}""" },
            { "a control character in the subject", Plain, """{"sub":"e\u001bva","role":"teller"}""" },
            { "a line break in the subject", Plain, """{"sub":"e\nva","role":"teller"}""" },
            { "a text direction override in the subject", Plain, """{"sub":"e\u202eva","role":"teller"}""" },
            { "256 characters of subject", Plain, $$"""{"sub":"{{new string('e', 256)}}","role":"teller"}""" },
            { "two subjects", Plain, """{"sub":["eva","dan"],"role":"teller"}""" },
            { "an empty customer", Plain, """{"sub":"eva","role":"customer","customer":""}""" },
            { "a NUL in the customer", Plain, """{"sub":"eva","role":"customer","customer":"cus_\u0000"}""" },
            { "256 characters of customer", Plain, $$"""{"sub":"eva","role":"customer","customer":"{{new string('c', 256)}}"}""" },
            { "two customers", Plain, """{"sub":"eva","role":"customer","customer":["cus_1","cus_2"]}""" },
        };

    private const string Plain = """{"alg":"ES256","typ":"at+jwt"}""";

    [Theory]
    [MemberData(nameof(Unsupported), DisableDiscoveryEnumeration = true)]
    public async Task An_unsupported_token_is_unauthenticated(string name, string header, string claims)
    {
        var answer = await bank.WithToken(Signed(header, claims)).GetAsync("/v1/accounts");
        Assert.True(answer.StatusCode == 401, $"{name}: {answer.StatusCode} {answer.Body}");
        answer.IsProblem(401, "unauthenticated");
    }

    [Fact]
    public async Task A_subject_of_255_characters_is_accepted() =>
        (await bank.WithToken(Signed(Plain, $$"""{"sub":"{{new string('e', 255)}}","role":"teller"}""")).GetAsync("/v1/accounts")).Ok();

    [Theory]
    [InlineData("\"\"")]
    [InlineData("\"cus_\\u0000\"")]
    [InlineData("[\"cus_1\",\"cus_2\"]")]
    public async Task The_customer_in_a_staff_token_is_ignored(string customer) =>
        (await bank.WithToken(Signed(Plain, $$"""{"sub":"eva","role":"teller","customer":{{customer}}}""")).GetAsync("/v1/accounts")).Ok();

    /// <summary>Signed without the library, which refuses to create some of these tokens.</summary>
    private string Signed(string header, string claims)
    {
        var key = (ECDsaSecurityKey)bank.Host.Services.GetRequiredService<IOptionsMonitor<JwtBearerOptions>>()
            .Get(JwtBearerDefaults.AuthenticationScheme).TokenValidationParameters.IssuerSigningKey;
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var payload =
            claims[..^1] + $$""","iss":"{{DevTokens.Issuer}}","aud":"{{DevTokens.Audience}}","nbf":{{now - 60}},"exp":{{now + 3600}}}""";
        var text = Encode(header) + "." + Encode(payload);
        return text + "." + Base64Url.EncodeToString(key.ECDsa.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256));
    }

    private static string Encode(string json)
    {
        using var valid = JsonDocument.Parse(json);
        return Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
    }
}
