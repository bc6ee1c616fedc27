using System.Buffers.Text;
using System.Security.Claims;
using System.Text.Json;
using Banking.EventStore.Callers;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Banking.Host.Security;

/// <summary>
/// Finds the caller in a valid token of any issuer, and describes it by the bank's own claims: subject, role, customer and name. Nothing
/// else of the token reaches the bank.
/// </summary>
internal sealed class CallerClaims(AuthSettings settings)
{
    /// <summary>The caller's subject is stored with every event.</summary>
    private const int MaxLength = 255;

    /// <summary>Keycloak's word for an access token in the payload. Its other words are ID, Refresh, Offline, Logout, DPoP.</summary>
    private const string AccessToken = "Bearer";

    /// <returns>The caller, or the problem of the token as a sentence.</returns>
    public (ClaimsIdentity? Caller, string? Problem) Read(JsonWebToken token)
    {
        // RFC 7515, 4.1.11: a receiver that does not support a critical header must reject the token. This bank supports none.
        if (token.TryGetHeaderValue<object>("crit", out _))
        {
            return (null, "The token has a critical header that the bank does not support.");
        }

        using var document = JsonDocument.Parse(Base64Url.DecodeFromChars(token.EncodedPayload));
        var payload = document.RootElement;
        if (payload.TryGetProperty("typ", out var type) && type.ValueKind == JsonValueKind.String && !type.ValueEquals(AccessToken))
        {
            return (null, "The token says that it is not an access token.");
        }

        var roles = settings.RoleClaims.SelectMany(c => c.Read(payload)).Select(v => settings.Roles.GetValueOrDefault(v))
            .OfType<string>().Distinct().ToList();
        var actor = settings.ActorClaim.Read(payload);
        // The customer claim matters for the role customer only. Many issuers send it empty in tokens of other roles.
        var customer = roles.Contains(Roles.Customer) ? settings.CustomerClaim.Read(payload) : [];
        if ((FindProblem(settings.ActorClaim, actor) ?? FindProblem(settings.CustomerClaim, customer)) is { } problem)
        {
            return (null, problem);
        }

        var name = settings.NameClaim.Read(payload).Where(n => PlainText.Problem(n, MaxLength) is null).Take(1);
        return (
            new(
                [
                    .. actor.Select(a => new Claim(Claims.Subject, a)),
                    .. roles.Select(r => new Claim(Claims.Role, r)),
                    .. customer.Select(c => new Claim(Claims.Customer, c)),
                    .. name.Select(n => new Claim(Claims.Name, n)),
                ],
                "Bearer", Claims.Subject, Claims.Role),
            null);
    }

    private static string? FindProblem(ClaimPath claim, IReadOnlyList<string> values) =>
        values.Count > 1 || (values is [var value] && PlainText.Problem(value, MaxLength) is not null)
            ? $"The claim '{claim}' must be one text of 1 to {MaxLength} characters that can be stored and displayed."
            : null;
}
