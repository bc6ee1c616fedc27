using System.Security.Claims;
using Banking.Commands.Groups;
using Banking.EventStore.Callers;
using Banking.Incoming.Settings;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;

namespace Banking.Incoming.Receiving;

/// <summary>
/// Finds out which service sent a message: the queue's configured identity, or the subject of the token in the message. The tokens of
/// messages are validated by the authentication of HTTP requests, at the time of arrival.
/// </summary>
internal sealed class SenderCheck(IServiceScopeFactory scopes)
{
    /// <summary>
    /// How long a message waits for the key of its token. The issuer may have begun to sign with a new key, and the bank fetches the keys
    /// every ten seconds at most.
    /// </summary>
    private static readonly TimeSpan MaxWaitForKey = TimeSpan.FromSeconds(15);

    /// <param name="age">The time since the message arrived.</param>
    /// <returns>The actor, or why there is none.</returns>
    /// <exception cref="CommandPostponedException">The key of the token cannot be fetched now.</exception>
    public async Task<(string? Service, Problem? Problem)> IdentifyAsync(
        QueueSettings queue, ReceivedMessage message, TimeSpan age, CancellationToken ct) => (queue.Actor, message.Authorization) switch
        {
            ({ } actor, []) => (actor, null),
            (not null, _) => (null, new(
                "authorization_not_accepted", "This queue belongs to one service and reads no tokens. Send no header authorization.")),
            (null, [var one]) => await ReadTokenAsync(one, age, ct),
            _ => (null, new("unauthenticated", "Send one header authorization: Bearer TOKEN, with a token of role service.")),
        };

    private async Task<(string? Service, Problem? Problem)> ReadTokenAsync(
        string authorization, TimeSpan age, CancellationToken ct)
    {
        var result = await AuthenticateAsync(authorization, ct);
        if (result.Failure is IssuerUnavailableException unavailable)
        {
            throw new CommandPostponedException("identity_unavailable", unavailable.Message);
        }

        if (result.Failure is SecurityTokenSignatureKeyNotFoundException && age < MaxWaitForKey)
        {
            throw new CommandPostponedException("identity_unavailable", "The key of the token is not known yet.");
        }

        if (result is not { Succeeded: true, Principal: var sender })
        {
            return (null, new("unauthenticated", "The token is missing, malformed, expired, or not of this bank's issuer."));
        }

        return sender.FindAll(Claims.Role).Take(2).ToList() is [{ Value: Roles.Service }]
            && sender.FindFirstValue(Claims.Subject) is { Length: > 0 } subject
            && !subject.StartsWith(QueueSettings.ActorPrefix, StringComparison.Ordinal)
            ? (subject, null)
            : (null, new("not_a_service", "Only a token of role service may send commands by message. "
                + $"Its subject must not begin with {QueueSettings.ActorPrefix}, which names the services of queues with an identity."));
    }

    private async Task<AuthenticateResult> AuthenticateAsync(string authorization, CancellationToken ct)
    {
        await using var scope = scopes.CreateAsyncScope();
        var request = new DefaultHttpContext { RequestServices = scope.ServiceProvider, RequestAborted = ct };
        request.Request.Headers.Authorization = authorization;
        return await request.AuthenticateAsync();
    }
}
