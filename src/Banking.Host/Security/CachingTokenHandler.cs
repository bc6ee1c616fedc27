using System.Collections.Concurrent;
using Banking.Web.Http;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace Banking.Host.Security;

/// <summary>
/// Validates a token and caches the result, because checking a signature takes longer than the rest of most requests. Only valid results
/// are cached, at most until the token expires. The cache key is the whole token including its signature.
/// </summary>
/// <param name="issuer">The issuer of the tokens; null if the bank issues them itself.</param>
/// <param name="actors">Learns of each valid token once in <see cref="MaxAge"/>; null if the host has no directory of actors.</param>
internal sealed class CachingTokenHandler(
    CallerClaims callers, IssuerKeys? issuer, TimeProvider clock, SeenActors? actors) : JsonWebTokenHandler
{
    private const int MaxEntries = 10_000;

    /// <summary>A token signed with a withdrawn key stays accepted for at most this time after the bank has learnt of it.</summary>
    private static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, (TokenValidationResult Result, DateTimeOffset Until)> _cache = new(
        StringComparer.Ordinal);

    public override async Task<TokenValidationResult> ValidateTokenAsync(string token, TokenValidationParameters validationParameters)
    {
        var now = clock.GetUtcNow();
        if (_cache.TryGetValue(token, out var cached) && now < cached.Until)
        {
            return cached.Result;
        }

        var result = issuer is null
            ? await base.ValidateTokenAsync(token, validationParameters)
            : await ValidateByIssuerAsync(issuer, token, validationParameters);
        if (!result.IsValid)
        {
            return result;
        }

        var (caller, problem) = callers.Read((JsonWebToken)result.SecurityToken);
        if (caller is null)
        {
            return Failed(new UnusableTokenException(problem!));
        }

        result.ClaimsIdentity = caller;
        actors?.Add(caller);
        if (_cache.Count >= MaxEntries)
        {
            _cache.Clear();
        }

        var end = new DateTimeOffset(DateTime.SpecifyKind(result.SecurityToken.ValidTo, DateTimeKind.Utc));
        _cache[token] = (result, end < now + MaxAge ? end : now + MaxAge);
        return result;
    }

    /// <summary>
    /// Validates with the known keys. A token of an unknown key may be signed with a new one: the keys are fetched again. While the issuer
    /// cannot be reached, such a token is neither valid nor invalid.
    /// </summary>
    private async Task<TokenValidationResult> ValidateByIssuerAsync(IssuerKeys issuer, string token, TokenValidationParameters parameters)
    {
        if (issuer.Known is null && CanReadToken(token))
        {
            await issuer.FetchAsync();
            if (issuer.Known is null)
            {
                return Failed(new IssuerUnavailableException(issuer.NextAttemptIn));
            }
        }

        var known = issuer.Known;
        var result = await base.ValidateTokenAsync(token, AddKeys(parameters, known));
        if (result.Exception is not SecurityTokenSignatureKeyNotFoundException)
        {
            return result;
        }

        await issuer.FetchAsync();
        if (issuer.Known != known)
        {
            result = await base.ValidateTokenAsync(token, AddKeys(parameters, issuer.Known));
        }

        return result.Exception is SecurityTokenSignatureKeyNotFoundException && issuer.Failure is not null
            ? Failed(new IssuerUnavailableException(issuer.NextAttemptIn))
            : result;
    }

    private static TokenValidationParameters AddKeys(TokenValidationParameters parameters, OpenIdConnectConfiguration? known)
    {
        var complete = parameters.Clone();
        complete.ValidIssuer = known?.Issuer;
        complete.IssuerSigningKeys = known?.SigningKeys;
        return complete;
    }

    private static TokenValidationResult Failed(Exception reason) => new() { IsValid = false, Exception = reason };
}

/// <summary>The token is valid, but the bank cannot use it.</summary>
internal sealed class UnusableTokenException(string problem) : SecurityTokenValidationException(problem);
