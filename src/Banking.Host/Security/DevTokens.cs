using System.Net;
using System.Net.Mime;
using System.Security.Cryptography;
using Banking.Platform;
using Banking.Platform.Commands;
using Banking.Platform.Http;
using Banking.Platform.Security;
using Banking.SharedKernel;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Banking.Host.Security;

/// <summary>
/// In Development the host is its own issuer, for callers on this machine only. The key is made at the start and never leaves the
/// process, so its tokens die with it.
/// </summary>
public sealed class DevTokens
{
    public const string Issuer = "banking-dev";
    public const string Audience = "banking";

    private static readonly TimeSpan Life = TimeSpan.FromHours(1);

    internal SecurityKey Key { get; } =
        new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)) { KeyId = Guid.CreateVersion7().ToString("N") };

    /// <summary>A token for that role; for a customer it names the customer.</summary>
    public string Issue(string role, string? customer, string? subject, DateTimeOffset now) =>
        new JsonWebTokenHandler().CreateToken(
            new SecurityTokenDescriptor
            {
                Issuer = Issuer,
                Audience = Audience,
                TokenType = "at+jwt",
                IssuedAt = now.UtcDateTime,
                NotBefore = now.UtcDateTime,
                Expires = (now + Life).UtcDateTime,
                SigningCredentials = new(Key, SecurityAlgorithms.EcdsaSha256),
                Claims = ClaimsOf(role, customer, subject),
            });

    private static Dictionary<string, object> ClaimsOf(string role, string? customer, string? subject)
    {
        var claims = new Dictionary<string, object> { [Claims.Subject] = subject ?? customer ?? $"dev-{role}", [Claims.Role] = role };
        if (customer is not null)
        {
            claims[Claims.Customer] = customer;
        }

        return claims;
    }
}

/// <param name="Role">customer, teller, operator or auditor.</param>
/// <param name="Customer">For role customer: whose token it is, cus_….</param>
/// <param name="Subject">The name that events will carry; made from the role when left out.</param>
public sealed record DevTokenRequest(string Role, string? Customer = null, string? Subject = null);

/// <summary>A bearer token and how many seconds it lives.</summary>
public sealed record DevTokenAnswer(string Token, string TokenType, int ExpiresIn);

internal static class DevTokenEndpoint
{
    public static void MapDevTokens(this WebApplication app)
    {
        if (app.Services.GetService<DevTokens>() is { } tokens)
        {
            app.MapPost("/dev/token", (DevTokenRequest request, HttpContext http, TimeProvider clock) =>
                    Issue(request, http, tokens, clock))
                .WithMetadata(new ServesAttribute(MediaTypeNames.Application.Json, MediaTypeNames.Text.Plain))
                .AllowAnonymous();
        }
    }

    private static IResult Issue(DevTokenRequest request, HttpContext http, DevTokens tokens, TimeProvider clock)
    {
        if (!IsLocal(http))
        {
            return new ProblemResult(Problems.Malformed("no_such_route", "There is nothing at this address.", status: 404));
        }

        if (!Roles.All.Contains(request.Role))
        {
            return new ProblemResult(
                Problems.Malformed("unknown_role", $"A role is one of {string.Join(", ", Roles.All)}.", "#/role", status: 422));
        }

        if ((request.Role == Roles.Customer) != PublicId.TryParse("cus", request.Customer, out _))
        {
            return new ProblemResult(
                Problems.Malformed(
                    "customer_required", "A token of role customer, and only that, names a customer, cus_….", "#/customer", status: 422));
        }

        if (PlainText.Problem(request.Subject, 100) is { } why)
        {
            return new ProblemResult(Problems.Malformed("invalid_text", why, "#/subject", status: 422));
        }

        var token = tokens.Issue(request.Role, request.Customer, request.Subject, clock.GetUtcNow());
        return AnswerForm.Of(http) == MediaTypeNames.Text.Plain
            ? TypedResults.Text(token)
            : TypedResults.Json(new DevTokenAnswer(token, "Bearer", 3600), ApiJson.Options);
    }

    /// <summary>
    /// From this machine, to this machine by its own name, and not passed on by a proxy that may stand for anybody. A foreign Host is what
    /// a browser sends when a page of somebody else has led it here. No address at all is a local transport.
    /// </summary>
    private static bool IsLocal(HttpContext http) =>
        (http.Connection.RemoteIpAddress is null || IPAddress.IsLoopback(http.Connection.RemoteIpAddress))
        && LoopbackHosts.Contains(http.Request.Host.Host, StringComparer.OrdinalIgnoreCase)
        && !http.Request.Headers.Keys.Any(IsOfProxy);

    private static bool IsOfProxy(string header) => ProxyPrefixes.Any(p => header.StartsWith(p, StringComparison.OrdinalIgnoreCase));

    private static readonly string[] LoopbackHosts = ["localhost", "127.0.0.1", "[::1]"];

    /// <summary>How the names begin of what proxies and delivery networks add to a request that they pass on.</summary>
    private static readonly string[] ProxyPrefixes =
    [
        "Forwarded",
        "Via",
        "X-Forward",
        "X-Real",
        "X-Original",
        "X-Originating",
        "X-Client",
        "X-Cluster",
        "X-Remote",
        "X-ProxyUser",
        "X-Host",
        "X-Scheme",
        "X-Envoy-",
        "X-Azure-",
        "X-Amzn-",
        "X-AppEngine-",
        "X-ARR",
        "X-Vercel",
        "CF-",
        "CloudFront-",
        "Akamai-",
        "True-Client",
        "Fly-Client",
        "Fastly-Client",
        "Client-IP",
        "CDN-Loop",
        "Max-Forwards",
    ];
}
