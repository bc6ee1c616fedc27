using Banking.Consumer.Sources;

namespace Banking.Consumer;

/// <summary>The loop of every consumer: read, take, and only then acknowledge.</summary>
public static class Consumption
{
    /// <summary>Takes events into the book until it is stopped or nothing came for a while.</summary>
    public static async Task FillAsync(Book book, IEventSource source, TimeSpan? untilIdle, CancellationToken stop)
    {
        using var idle = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var patience = untilIdle ?? Timeout.InfiniteTimeSpan;
        idle.CancelAfter(patience);
        try
        {
            await foreach (var delivery in source.ReadAsync(idle.Token))
            {
                book.Take(BankEvent.Read(delivery.Body));
                // After, not before: a crash between the two makes a duplicate, which the book ignores, and not a loss.
                await delivery.AcknowledgeAsync();
                idle.CancelAfter(patience);
            }
        }
        catch (OperationCanceledException) when (idle.IsCancellationRequested)
        {
        }
    }
}
