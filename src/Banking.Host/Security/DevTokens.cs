using System.Buffers.Text;
using System.Net;
using System.Net.Mime;
using System.Security.Cryptography;
using Banking.Commands.Decisions;
using Banking.EventStore.Callers;
using Banking.EventStore.Json;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Banking.Host.Security;

/// <summary>
/// In Development the host issues its own tokens, for callers on this machine only. With a private cluster the key is kept in the data
/// folder, so that tokens outlive a restart. Otherwise it never leaves the process, and a restart invalidates the tokens.
/// </summary>
public sealed class DevTokens
{
    public const string Issuer = "banking-dev";
    public const string Audience = "banking";

    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    /// <param name="dataFolder">The folder of the key. Null: a new key that is kept in memory.</param>
    /// <exception cref="ConfigurationException">The file of the key cannot be used.</exception>
    internal DevTokens(string? dataFolder)
    {
        var key = dataFolder is null ? ECDsa.Create(ECCurve.NamedCurves.nistP256) : DevKeyFile.ReadOrCreate(dataFolder);
        Key = new ECDsaSecurityKey(key) { KeyId = Base64Url.EncodeToString(SHA256.HashData(key.ExportSubjectPublicKeyInfo())) };
    }

    internal SecurityKey Key { get; }

    /// <summary>Issues a token for a role. A token of the role customer names the customer.</summary>
    public string Issue(string role, string? customer, string? subject, DateTimeOffset now, string? name = null) =>
        new JsonWebTokenHandler().CreateToken(
            new SecurityTokenDescriptor
            {
                Issuer = Issuer,
                Audience = Audience,
                TokenType = "at+jwt",
                IssuedAt = now.UtcDateTime,
                NotBefore = now.UtcDateTime,
                Expires = (now + Lifetime).UtcDateTime,
                SigningCredentials = new(Key, SecurityAlgorithms.EcdsaSha256),
                Claims = CreateClaims(role, customer, subject, name),
            });

    private static Dictionary<string, object> CreateClaims(string role, string? customer, string? subject, string? name)
    {
        var claims = new Dictionary<string, object> { [Claims.Subject] = subject ?? customer ?? $"dev-{role}", [Claims.Role] = role };
        if (customer is not null)
        {
            claims[Claims.Customer] = customer;
        }

        if (name is not null)
        {
            claims[Claims.Name] = name;
        }

        return claims;
    }
}

/// <param name="Role">customer, teller, operator, auditor or service.</param>
/// <param name="Customer">The customer's id, cus_…. Required for the role customer, forbidden for others.</param>
/// <param name="Subject">The caller's name, stored with events. Default: derived from the role or the customer.</param>
public sealed record DevTokenRequest(string Role, string? Customer = null, string? Subject = null);

/// <summary>A bearer token and its lifetime in seconds.</summary>
public sealed record DevTokenAnswer(string Token, string TokenType, int ExpiresIn);

internal static class DevTokenEndpoint
{
    public static void MapDevTokens(this WebApplication app)
    {
        if (app.Services.GetService<DevTokens>() is { } tokens)
        {
            app.MapPost("/dev/token", (HttpContext http, TimeProvider clock) =>
                    Issue(StrictBody.Body<DevTokenRequest>(http), http, tokens, clock))
                .Accepts<DevTokenRequest>(MediaTypeNames.Application.Json)
                .WithMetadata(
                    new ServesAttribute(MediaTypeNames.Application.Json, MediaTypeNames.Text.Plain),
                    new ProducesResponseTypeAttribute(typeof(DevTokenAnswer), StatusCodes.Status200OK),
                    new ProblemsAttribute("unknown_role", "customer_required", "invalid_text", "no_such_route", "too_many_requests"))
                .WithName("issueToken")
                .WithTags("Development")
                .WithSummary("Issue a token")
                .WithDescription("Issues a token of a role to a caller on this machine. A bank in production has no such address.")
                .AllowAnonymous();
        }
    }

    private static IResult Issue(DevTokenRequest request, HttpContext http, DevTokens tokens, TimeProvider clock)
    {
        if (!IsLocal(http))
        {
            return new ProblemResult(Refusal.NotFound("no_such_route", "There is no resource at this address."));
        }

        if (!Roles.InTokens.Contains(request.Role))
        {
            return new ProblemResult(
                Refusal.Invalid("unknown_role", $"role must be one of {string.Join(", ", Roles.InTokens)}.", "#/role"));
        }

        if (request.Role == Roles.Customer ? !PublicId.TryParse("cus", request.Customer, out _) : request.Customer is not null)
        {
            return new ProblemResult(
                Refusal.Invalid(
                    "customer_required", "customer (cus_…) is required for the role customer, and allowed for no other role.",
                    "#/customer"));
        }

        if (PlainText.Problem(request.Subject, 100) is { } problem)
        {
            return new ProblemResult(Refusal.Invalid("invalid_text", problem, "#/subject"));
        }

        var token = tokens.Issue(request.Role, request.Customer, request.Subject, clock.GetUtcNow());
        return AnswerForm.Of(http) == MediaTypeNames.Text.Plain
            ? TypedResults.Text(token)
            : TypedResults.Json(new DevTokenAnswer(token, "Bearer", 3600), ApiJson.Options);
    }

    /// <summary>
    /// A request is local if it comes from this machine, names this machine in Host, and was not forwarded by a proxy, which hides the
    /// caller's address. A browser sends a foreign Host when a page of another site redirected it here. A connection without an address
    /// is a local transport.
    /// </summary>
    internal static bool IsLocal(HttpContext http) =>
        (http.Connection.RemoteIpAddress is null || IPAddress.IsLoopback(http.Connection.RemoteIpAddress))
        && LoopbackHosts.Contains(http.Request.Host.Host, StringComparer.OrdinalIgnoreCase)
        && !http.Request.Headers.Keys.Any(IsProxyHeader);

    private static bool IsProxyHeader(string header) =>
        ProxyPrefixes.Any(p => header.StartsWith(p, StringComparison.OrdinalIgnoreCase))
        || ProxyWords.Any(w => header.Contains(w, StringComparison.OrdinalIgnoreCase));

    private static readonly string[] LoopbackHosts = ["localhost", "127.0.0.1", "[::1]"];

    /// <summary>Words in the names that some proxies give to such headers, such as WL-Proxy-Client-IP and Ali-CDN-Real-IP.</summary>
    private static readonly string[] ProxyWords =
    [
        "Forward", "Proxy", "Client-IP", "ClientIP", "Real-IP", "RealIP", "Remote-IP", "Remote-Addr", "Src-IP", "Source-IP", "User-IP",
    ];

    /// <summary>Prefixes of headers that proxies and delivery networks add to requests.</summary>
    private static readonly string[] ProxyPrefixes =
    [
        "Via",
        "X-Real",
        "X-Original",
        "X-Originating",
        "X-Client",
        "X-Cluster",
        "X-Remote",
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
        "CDN-Loop",
    ];
}
