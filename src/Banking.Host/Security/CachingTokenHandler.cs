using System.Collections.Concurrent;
using Banking.EventStore.Callers;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Banking.Host.Security;

/// <summary>
/// Validates a token and caches the result, because checking a signature takes longer than the rest of most requests. Only valid results
/// are cached, at most until the token expires. The cache key is the whole token including its signature.
/// </summary>
internal sealed class CachingTokenHandler(TimeProvider clock) : JsonWebTokenHandler
{
    private const int MaxEntries = 10_000;

    /// <summary>The caller's name is stored with every event.</summary>
    private const int MaxNameLength = 255;

    /// <summary>A token signed with a withdrawn key stays accepted for at most this time.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, (TokenValidationResult Result, DateTimeOffset Until)> _cache = new(
        StringComparer.Ordinal);

    public override async Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters)
    {
        ArgumentNullException.ThrowIfNull(token);
        var now = clock.GetUtcNow();
        if (_cache.TryGetValue(token, out var cached) && now < cached.Until)
        {
            return cached.Result;
        }

        var result = await base.ValidateTokenAsync(token, validationParameters);
        if (result.IsValid && FindProblem(result) is { } problem)
        {
            return new() { IsValid = false, Exception = new SecurityTokenValidationException(problem) };
        }

        if (result.IsValid)
        {
            if (_cache.Count >= MaxEntries)
            {
                _cache.Clear();
            }

            var end = new DateTimeOffset(DateTime.SpecifyKind(result.SecurityToken.ValidTo, DateTimeKind.Utc));
            _cache[token] = (result, end < now + MaxAge ? end : now + MaxAge);
        }

        return result;
    }

    /// <summary>
    /// Finds a problem that the framework does not check: an unsupported critical header, or a name that cannot be stored.
    /// </summary>
    private static string? FindProblem(TokenValidationResult result)
    {
        // RFC 7515, 4.1.11: a receiver that does not support a critical header must reject the token. This bank supports none.
        if (result.SecurityToken is JsonWebToken token && token.TryGetHeaderValue<object>("crit", out _))
        {
            return "The token has a critical header that the bank does not support.";
        }

        // The customer claim matters for the role customer only. Many issuers send it empty in tokens of other roles.
        string[] names = result.ClaimsIdentity.HasClaim(Claims.Role, Roles.Customer) ? [Claims.Subject, Claims.Customer] : [Claims.Subject];
        foreach (var name in names)
        {
            var values = result.ClaimsIdentity.FindAll(name).Take(2).ToList();
            if (values.Count > 1 || (values is [{ Value: var value }] && PlainText.Problem(value, MaxNameLength) is not null))
            {
                return $"The claim '{name}' must be one text of 1 to {MaxNameLength} characters that can be stored and displayed.";
            }
        }

        return null;
    }
}
