using Banking.Web.Http;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.Tokens;

namespace Banking.Host.Security;

/// <summary>
/// Authenticates callers by bearer tokens: from the configured issuer, for this audience, signed with one of the algorithms below.
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
        var issuesTokens = builder.Environment.IsDevelopment() && authority is null;
        if (!issuesTokens && (string.IsNullOrWhiteSpace(authority) || string.IsNullOrWhiteSpace(audience)))
        {
            throw new ConfigurationException(
                "Outside Development the bank needs Banking:Auth:Authority (the issuer of its tokens) "
                    + "and Banking:Auth:Audience (its own name in them).");
        }

        var tokens = issuesTokens ? new DevTokens() : null;
        if (tokens is not null)
        {
            builder.Services.AddSingleton(tokens);
        }

        builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(bearer =>
        {
            bearer.MapInboundClaims = false;
            bearer.TokenHandlers.Clear();
            bearer.TokenHandlers.Add(new CachingTokenHandler(TimeProvider.System) { MapInboundClaims = false });
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
