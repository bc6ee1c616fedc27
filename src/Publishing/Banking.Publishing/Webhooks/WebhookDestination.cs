using System.Collections.Concurrent;
using Banking.Publishing.Log;
using Banking.Publishing.Publishers;

namespace Banking.Publishing.Webhooks;

/// <summary>
/// A webhook endpoint as a destination. Each event is one request: requests of one account are sequential, those of different accounts run
/// in parallel. An answer about the endpoint itself (unavailable, overloaded, gone) stops all requests; a rejection of an event blocks its
/// account.
/// </summary>
/// <param name="taken">Positions that the endpoint has taken since the checkpoint last moved. They outlive this object: after a failure the
/// publisher opens its destination again. Without them it would resend the start of a page forever to an endpoint that takes some events
/// and is then overloaded.</param>
internal sealed class WebhookDestination(
    Webhook webhook,
    EventFilter filter,
    IReadOnlyDictionary<Guid, WebhookSecret> secrets,
    WebhookClient client,
    WebhookSettings settings,
    ConcurrentDictionary<long, bool> taken,
    TimeProvider clock) : Destination
{
    /// <summary>The largest delay, even if the endpoint asks for more.</summary>
    internal static readonly TimeSpan MaxRetryDelay = TimeSpan.FromHours(1);

    private const int Gone = 410;

    private readonly Uri _url = new(webhook.Url);

    public override bool Wants(PublicEvent e) => filter.Takes(e);

    public override async Task<IReadOnlyList<Rejected>> DeliverAsync(
        IReadOnlyList<PublicEvent> events, Action<string> reportProblem, CancellationToken ct)
    {
        var rejected = new ConcurrentQueue<Rejected>();
        // What is for everyone concerns all accounts, so it comes after everything before it and before everything after it.
        foreach (var part in Split(events))
        {
            await DeliverAsync(part.Where(e => rejected.All(r => r.Event.Stream != e.Stream)), rejected, ct);
        }

        foreach (var e in events)
        {
            taken.TryRemove(e.Position, out _);
        }

        return [.. rejected];
    }

    private static IEnumerable<IEnumerable<PublicEvent>> Split(IReadOnlyList<PublicEvent> events)
    {
        var from = 0;
        for (var i = 0; i < events.Count; i++)
        {
            if (events[i].IsForEveryone)
            {
                yield return events.Take(from..i);
                yield return [events[i]];
                from = i + 1;
            }
        }

        yield return events.Skip(from);
    }

    private async Task DeliverAsync(IEnumerable<PublicEvent> events, ConcurrentQueue<Rejected> rejected, CancellationToken ct)
    {
        WebhookAnswer? unavailable = null;
        var before = taken.Count;
        await Parallel.ForEachAsync(
            events.GroupBy(e => e.Stream), new ParallelOptions { MaxDegreeOfParallelism = settings.Parallel, CancellationToken = ct },
            async (account, token) =>
            {
                foreach (var e in account.Where(e => !taken.ContainsKey(e.Position)))
                {
                    // Requests under way are awaited, to avoid resending them; no more are started.
                    if (Volatile.Read(ref unavailable) is not null)
                    {
                        return;
                    }

                    var answer = await OfferAsync(e, () => Volatile.Read(ref unavailable) is not null, token);
                    if (answer.IsTaken)
                    {
                        taken[e.Position] = true;
                        continue;
                    }

                    if (IsAboutEndpoint(answer))
                    {
                        Interlocked.CompareExchange(ref unavailable, answer, null);
                    }
                    else
                    {
                        rejected.Enqueue(new(e, answer.ShortText, answer.Text));
                    }

                    return;
                }
            });
        if (unavailable is { } answered)
        {
            throw Unavailable(answered, hasProgressed: taken.Count > before);
        }
    }

    /// <summary>Makes one attempt at once.</summary>
    internal Task<WebhookAnswer> SendAsync(string id, string? epoch, ReadOnlyMemory<byte> body, CancellationToken ct) =>
        client.SendAsync(
            _url, id, epoch, body, [.. webhook.SecretsAt(clock.GetUtcNow()).Select(secrets.GetValueOrDefault).OfType<WebhookSecret>()], ct);

    /// <summary>
    /// Sends an event, and again if the endpoint rejects it: only repeated rejections count, because a single one may be a mistake of the
    /// endpoint.
    /// </summary>
    private async Task<WebhookAnswer> OfferAsync(PublicEvent e, Func<bool> isStopped, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            var answer = await SendAsync(e.Id, e.Epoch, e.Json, ct);
            if (answer.IsTaken || IsAboutEndpoint(answer) || attempt >= settings.EventAttempts || isStopped())
            {
                return answer;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(settings.EventRetryMilliseconds * Math.Pow(2, attempt - 1)), ct);
        }
    }

    /// <summary>
    /// Whether the answer is about the endpoint and not about the event: everything except a rejection of the content. A redirect counts,
    /// because every event would meet it. So do 401, 403, 404 and 405: a failed deployment must not make dead letters of all accounts.
    /// </summary>
    private static bool IsAboutEndpoint(WebhookAnswer answer) =>
        answer.Status is not (>= 400 and < 500) or 401 or 403 or 404 or 405 or 408 or Gone or 425 or 429;

    private static DestinationUnavailableException Unavailable(WebhookAnswer answer, bool hasProgressed) =>
        new(
            answer.Status switch
            {
                Gone => "The endpoint answered 410 Gone: it no longer exists.",
                >= 300 and < 400 => $"The endpoint {answer.ShortText}; redirects are not followed.",
                null => $"The endpoint gave no answer: {answer.Text}",
                _ => $"The endpoint {answer.ShortText}.",
            })
        {
            RequiresPause = answer.Status == Gone,
            RetryAfter = answer.RetryAfter is { } asked
                ? asked < MaxRetryDelay
                    ? asked
                    : MaxRetryDelay
                : null,
            HasProgressed = hasProgressed,
        };
}
