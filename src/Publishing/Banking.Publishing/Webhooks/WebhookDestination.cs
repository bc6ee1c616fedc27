using System.Collections.Concurrent;
using Banking.Publishing.Publishers;
using Banking.Publishing.Log;

namespace Banking.Publishing.Webhooks;

/// <summary>
/// One endpoint. Each event is a request of its own: those of an account one after the other, those of several side by side. An answer that
/// speaks of the endpoint (unwell, too many, gone) stops them all, one that speaks of the event stops its account.
/// </summary>
/// <param name="taken">Positions that the endpoint has taken since the lane last moved. Kept beyond this object: a lane opens its
/// destination anew after a failure, and would else offer a page from its start for ever to an endpoint that takes some and is then too
/// busy.</param>
internal sealed class WebhookDestination(
    Webhook webhook,
    IReadOnlyDictionary<Guid, WebhookSecret> secrets,
    WebhookClient client,
    WebhookSettings settings,
    ConcurrentDictionary<long, bool> taken,
    TimeProvider clock) : Destination
{
    /// <summary>However long an endpoint asks to be left alone.</summary>
    internal static readonly TimeSpan LongestRest = TimeSpan.FromHours(1);

    private const int Gone = 410;

    private readonly Uri _url = new(webhook.Url);
    private readonly HashSet<string>? _types = webhook.Types?.ToHashSet();
    private readonly HashSet<string>? _accounts = webhook.Accounts?.ToHashSet();

    public override bool Wants(PublicEvent e) => _types?.Contains(e.Type) != false && _accounts?.Contains(e.Subject) != false;

    public override async Task<IReadOnlyList<Rejected>> DeliverAsync(
        IReadOnlyList<PublicEvent> events, Action<string> trouble, CancellationToken ct)
    {
        var rejected = new ConcurrentQueue<Rejected>();
        WebhookAnswer? unwell = null;
        var before = taken.Count;
        await Parallel.ForEachAsync(
            events.GroupBy(e => e.Stream), new ParallelOptions { MaxDegreeOfParallelism = settings.Parallel, CancellationToken = ct },
            async (account, token) =>
            {
                foreach (var e in account.Where(e => !taken.ContainsKey(e.Position)))
                {
                    // What is under way is waited for, or it would be sent again without need; nothing more is begun.
                    if (Volatile.Read(ref unwell) is not null)
                    {
                        return;
                    }

                    var answer = await OfferAsync(e, () => Volatile.Read(ref unwell) is not null, token);
                    if (answer.IsTaken)
                    {
                        taken[e.Position] = true;
                        continue;
                    }

                    if (SpeaksOfEndpoint(answer))
                    {
                        Interlocked.CompareExchange(ref unwell, answer, null);
                    }
                    else
                    {
                        rejected.Enqueue(new(e, answer.InShort, answer.Text));
                    }

                    return;
                }
            });
        if (unwell is { } away)
        {
            throw Unavailable(away, progressed: taken.Count > before);
        }

        foreach (var e in events)
        {
            taken.TryRemove(e.Position, out _);
        }

        return [.. rejected];
    }

    /// <summary>One attempt, now.</summary>
    internal Task<WebhookAnswer> SendAsync(string id, ReadOnlyMemory<byte> body, CancellationToken ct) =>
        client.SendAsync(
            _url, id, body, [.. webhook.SecretsAt(clock.GetUtcNow()).Select(secrets.GetValueOrDefault).OfType<WebhookSecret>()], ct);

    /// <summary>
    /// A no to the event itself is taken for an answer when it was given several times: it may be a slip of the endpoint.
    /// </summary>
    private async Task<WebhookAnswer> OfferAsync(PublicEvent e, Func<bool> stops, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            var answer = await SendAsync(e.Id, e.Json, ct);
            if (answer.IsTaken || SpeaksOfEndpoint(answer) || attempt >= settings.EventAttempts || stops())
            {
                return answer;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(settings.EventRetryMilliseconds * Math.Pow(2, attempt - 1)), ct);
        }
    }

    /// <summary>
    /// All but a no to what was sent. A redirect too: it is not followed, and every event would meet it. Nor is "not here", "not you" or
    /// "not this way" said of one event: a deployment that went wrong for a while must not make a dead letter of every account.
    /// </summary>
    private static bool SpeaksOfEndpoint(WebhookAnswer answer) =>
        answer.Status is not (>= 400 and < 500) or 401 or 403 or 404 or 405 or 408 or Gone or 425 or 429;

    private static DestinationUnavailableException Unavailable(WebhookAnswer answer, bool progressed) =>
        new(
            answer.Status switch
            {
                Gone => "The endpoint answered 410: it is gone for good.",
                >= 300 and < 400 => $"The endpoint {answer.InShort}; redirects are not followed.",
                null => $"The endpoint gave no answer: {answer.Text}",
                _ => $"The endpoint {answer.InShort}.",
            })
        {
            Parks = answer.Status == Gone,
            RetryAfter = answer.RetryAfter is { } asked
                ? asked < LongestRest
                    ? asked
                    : LongestRest
                : null,
            Progressed = progressed,
        };
}
