using System.Collections.Concurrent;
using Banking.Platform.Security;
using Banking.SharedKernel;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Banking.Host.Security;

/// <summary>
/// Validates a token once and remembers the verdict for a while: checking a signature takes longer than everything else that is done
/// with most requests. Only a good verdict is remembered, never beyond the token's own end, and by the whole token, signature included.
/// </summary>
internal sealed class RememberingTokenHandler(TimeProvider clock) : JsonWebTokenHandler
{
    private const int Most = 10_000;

    /// <summary>The longest name of a caller: it is kept with every event.</summary>
    private const int LongestName = 255;

    /// <summary>How long a key that the issuer withdrew may still be honoured.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, (TokenValidationResult Result, DateTimeOffset Until)> _known = new(
        StringComparer.Ordinal);

    public override async Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters)
    {
        ArgumentNullException.ThrowIfNull(token);
        var now = clock.GetUtcNow();
        if (_known.TryGetValue(token, out var known) && now < known.Until)
        {
            return known.Result;
        }

        var result = await base.ValidateTokenAsync(token, validationParameters);
        if (result.IsValid && Problem(result) is { } problem)
        {
            return new() { IsValid = false, Exception = new SecurityTokenValidationException(problem) };
        }

        if (result.IsValid)
        {
            if (_known.Count >= Most)
            {
                _known.Clear();
            }

            var end = new DateTimeOffset(DateTime.SpecifyKind(result.SecurityToken.ValidTo, DateTimeKind.Utc));
            _known[token] = (result, end < now + Longest ? end : now + Longest);
        }

        return result;
    }

    /// <summary>
    /// What the framework does not look at, or null: a demand that this bank does not understand, a name that cannot be kept.
    /// </summary>
    private static string? Problem(TokenValidationResult result)
    {
        // RFC 7515, 4.1.11: whoever does not understand a critical header refuses the token. This bank understands none.
        if (result.SecurityToken is JsonWebToken token && token.TryGetHeaderValue<object>("crit", out _))
        {
            return "The token has a critical header that is not understood.";
        }

        // Whose customer it is matters of a customer alone: many issuers send the claim empty with everybody else's token.
        string[] names = result.ClaimsIdentity.HasClaim(Claims.Role, Roles.Customer) ? [Claims.Subject, Claims.Customer] : [Claims.Subject];
        foreach (var name in names)
        {
            var values = result.ClaimsIdentity.FindAll(name).Take(2).ToList();
            if (values.Count > 1 || (values is [{ Value: var value }] && PlainText.Problem(value, LongestName) is not null))
            {
                return $"The claim '{name}' is not one text of 1 to {LongestName} characters that can be kept and shown.";
            }
        }

        return null;
    }
}
