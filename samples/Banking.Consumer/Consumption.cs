using Banking.Consumer.Sources;

namespace Banking.Consumer;

/// <summary>The loop of every consumer: read, apply, then acknowledge.</summary>
public static class Consumption
{
    /// <summary>Applies events to the book until it is stopped, or until no event has arrived for a while.</summary>
    public static async Task FillAsync(Book book, IEventSource source, TimeSpan? untilIdle, CancellationToken stop)
    {
        using var idle = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var timeout = untilIdle ?? Timeout.InfiniteTimeSpan;
        idle.CancelAfter(timeout);
        try
        {
            await foreach (var delivery in source.ReadAsync(idle.Token))
            {
                book.Take(BankEvent.Read(delivery.Body));
                // Acknowledge after applying: a crash in between causes a duplicate, which the book ignores, and not a loss.
                await delivery.AcknowledgeAsync();
                idle.CancelAfter(timeout);
            }
        }
        catch (OperationCanceledException) when (idle.IsCancellationRequested)
        {
        }
    }
}
