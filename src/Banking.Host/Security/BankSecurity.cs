using Banking.Host.Hosting;
using Banking.Platform.Security;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.Tokens;

namespace Banking.Host.Security;

/// <summary>
/// A caller is somebody: a bearer token of the one issuer, for this audience, signed with the algorithms named here and no other.
/// </summary>
internal static class BankSecurity
{
    private static readonly string[] Algorithms =
    [
        SecurityAlgorithms.EcdsaSha256,
        SecurityAlgorithms.RsaSsaPssSha256,
        SecurityAlgorithms.RsaSha256,
    ];

    public static void AddBankSecurity(this WebApplicationBuilder builder)
    {
        var authority = builder.Configuration["Banking:Auth:Authority"];
        var audience = builder.Configuration["Banking:Auth:Audience"];
        var own = builder.Environment.IsDevelopment() && authority is null;
        if (!own && (string.IsNullOrWhiteSpace(authority) || string.IsNullOrWhiteSpace(audience)))
        {
            throw new ConfigurationException(
                "Outside of Development the bank needs Banking:Auth:Authority and Banking:Auth:Audience: the issuer of its tokens and its own name there."
            );
        }

        var tokens = own ? new DevTokens() : null;
        if (tokens is not null)
        {
            builder.Services.AddSingleton(tokens);
        }

        builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(bearer =>
        {
            bearer.MapInboundClaims = false;
            bearer.TokenHandlers.Clear();
            bearer.TokenHandlers.Add(new RememberingTokenHandler(TimeProvider.System) { MapInboundClaims = false });
            bearer.Authority = authority;
            bearer.TokenValidationParameters = new()
            {
                ValidIssuer = tokens is null ? null : DevTokens.Issuer,
                ValidAudience = tokens is null ? audience : DevTokens.Audience,
                IssuerSigningKey = tokens?.Key,
                ValidAlgorithms = tokens is null ? Algorithms : [SecurityAlgorithms.EcdsaSha256],
                ValidTypes = ["at+jwt", "JWT"],
                ValidateIssuer = true,
                ValidateAudience = true,
                ValidateLifetime = true,
                RequireExpirationTime = true,
                RequireSignedTokens = true,
                ClockSkew = TimeSpan.FromSeconds(30),
                NameClaimType = Claims.Subject,
                RoleClaimType = Claims.Role,
            };
        });
        builder.Services.AddAuthorization(Policies.Add);
    }
}
