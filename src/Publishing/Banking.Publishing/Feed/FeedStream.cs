using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;
using Banking.EventStore.Epochs;
using Banking.EventStore.Log;
using Banking.Publishing.Log;

namespace Banking.Publishing.Feed;

/// <summary>
/// The feed as a stream of server-sent events. A stream waits together with all others for an event that its filter takes
/// (<see cref="LogSubscriptions"/>). A slow client delays its own stream only.
/// </summary>
public sealed class FeedStream(
    PublicLog log, LogSubscriptions subscriptions, LogWatcher watcher, LogEpochs epochs, TimeProvider clock)
{
    /// <summary>With longer pauses proxies may close the connection as dead.</summary>
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    /// <summary>Follows the log until the client ends, the next event cannot be read, or another epoch begins.</summary>
    internal async IAsyncEnumerable<SseItem<string>> FollowAsync(
        long after, string epoch, EventFilter filter, [EnumeratorCancellation] CancellationToken ct)
    {
        // Sent at once: otherwise the client would wait for the response headers until the next event.
        yield return PositionItem(epoch, after);
        var sent = after;
        while (!watcher.Stopping.IsCancellationRequested && epochs.History.Current.Name == epoch)
        {
            var page = await log.ReadAsync(after, ct);
            foreach (var e in page.Events.Where(filter.Takes))
            {
                if (e.Unreadable is not null)
                {
                    // A client that reconnects gets the error.
                    yield break;
                }

                sent = e.Position;
                yield return new(Encoding.UTF8.GetString(e.Json.Span), e.Type)
                {
                    EventId = IdOf(epoch, e.Position),
                };
            }

            if (page.End > after)
            {
                after = page.End;
                if (after - sent < PublicLog.PageSize)
                {
                    continue;
                }
            }
            else
            {
                (after, var isHeartbeat) = await WaitAsync(after, filter, ct);
                if (!isHeartbeat)
                {
                    continue;
                }
            }

            // A client that reconnects need not read again what it does not take. As a heartbeat it keeps proxies from closing the
            // connection.
            sent = after;
            yield return PositionItem(epoch, after);
        }
    }

    /// <summary>Waits for an event that the filter takes, for the next heartbeat, or until the host stops.</summary>
    /// <returns>The position up to which there is no such event, and whether nothing came.</returns>
    private async Task<(long Position, bool IsHeartbeat)> WaitAsync(long after, EventFilter filter, CancellationToken ct)
    {
        var woken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        if (subscriptions.Subscribe(filter, after, log: null, () => woken.TrySetResult()) is not { } subscription)
        {
            return (after, false);
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(ct, watcher.Stopping);
        var first = await Task.WhenAny(woken.Task, Task.Delay(Heartbeat, clock, over.Token));
        subscription.End();
        await over.CancelAsync();
        ct.ThrowIfCancellationRequested();
        return (subscription.Position, first != woken.Task);
    }

    private static SseItem<string> PositionItem(string epoch, long position) =>
        new("{}", "position") { EventId = IdOf(epoch, position), ReconnectionInterval = TimeSpan.FromSeconds(1) };

    private static string IdOf(string epoch, long position) => string.Create(CultureInfo.InvariantCulture, $"{epoch}:{position}");
}
