using System.Globalization;
using Banking.Commands.Decisions;
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

    /// <summary>Access tokens by RFC 9068, and those of the many issuers that send the general type.</summary>
    private static readonly string[] Types = ["at+jwt", "application/at+jwt", "JWT"];

    /// <param name="dataFolder">The folder for the key of development tokens. Null: the key is kept in memory.</param>
    /// <param name="clock">The clock of caches and reports. Lifetimes of tokens are always checked by the clock of the system.</param>
    public static void AddBankSecurity(this WebApplicationBuilder builder, string? dataFolder = null, TimeProvider? clock = null)
    {
        var settings = AuthSettings.Read(builder.Configuration, builder.Environment.IsDevelopment());
        var time = clock ?? TimeProvider.System;
        builder.Services
            .AddSingleton(p => ActivatorUtilities.CreateInstance<FailedTokens>(p, time))
            .AddHostedService(p => p.GetRequiredService<FailedTokens>());
        if (settings.Authority is null)
        {
            builder.Services.AddSingleton(new DevTokens(dataFolder));
        }
        else
        {
            builder.Services
                .AddSingleton(p => ActivatorUtilities.CreateInstance<IssuerKeys>(p, settings, time))
                .AddHostedService(p => p.GetRequiredService<IssuerKeys>());
        }

        builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer();
        builder.Services
            .AddOptions<JwtBearerOptions>(JwtBearerDefaults.AuthenticationScheme)
            .Configure<IServiceProvider>((bearer, services) =>
            {
                bearer.MapInboundClaims = false;
                bearer.TokenHandlers.Clear();
                bearer.TokenHandlers.Add(
                    new CachingTokenHandler(
                        new(settings), services.GetService<IssuerKeys>(), time, services.GetService<SeenActors>())
                    {
                        MapInboundClaims = false,
                    });
                bearer.TokenValidationParameters = CreateParameters(settings, services.GetService<DevTokens>());
                bearer.Events = CreateEvents(services.GetRequiredService<FailedTokens>());
            });
        builder.Services.AddAuthorization(Policies.Add);
    }

    /// <summary>The issuer's name and keys are added for each token, because they change (<see cref="CachingTokenHandler"/>).</summary>
    private static TokenValidationParameters CreateParameters(AuthSettings settings, DevTokens? tokens) => new()
    {
        ValidIssuer = tokens is null ? null : DevTokens.Issuer,
        ValidAudiences = settings.Audiences,
        IssuerSigningKey = tokens?.Key,
        ValidAlgorithms = tokens is null ? Algorithms : [SecurityAlgorithms.EcdsaSha256],
        ValidTypes = Types,
        ValidateIssuer = true,
        ValidateAudience = true,
        ValidateLifetime = true,
        RequireExpirationTime = true,
        RequireSignedTokens = true,
        ClockSkew = EventStream.ClockSkew,
        NameClaimType = Claims.Subject,
        RoleClaimType = Claims.Role,
    };

    private static JwtBearerEvents CreateEvents(FailedTokens failed) => new()
    {
        OnAuthenticationFailed = context =>
        {
            failed.Add(context.Exception);
            return Task.CompletedTask;
        },
        OnChallenge = async context =>
        {
            if (context.AuthenticateFailure is IssuerUnavailableException unavailable)
            {
                // Not 401: the token may be valid, and a client would discard it.
                context.HandleResponse();
                context.Response.Headers.RetryAfter =
                    Math.Ceiling(unavailable.RetryAfter.TotalSeconds).ToString(CultureInfo.InvariantCulture);
                await context.HttpContext.WriteProblemAsync(Refusal.Unavailable(
                    "identity_unavailable",
                    "The issuer of the token cannot be reached, so the token cannot be checked. Nothing was done."));
            }
        },
    };
}
