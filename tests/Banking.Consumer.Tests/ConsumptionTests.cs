using System.Runtime.CompilerServices;
using Banking.Consumer.Sources;

namespace Banking.Consumer.Tests;

public sealed class ConsumptionTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);

    private readonly Book _book = new();
    private readonly List<long> _receivedWhenAcknowledged = [];

    [Fact]
    public async Task An_event_is_acknowledged_after_it_is_applied()
    {
        await Consumption.FillAsync(
            _book, new Given(this, Wire.Opened().Bytes(), Wire.Deposited("1.00", 2).Bytes()), Soon, CancellationToken.None);

        Assert.Equal([1, 2], _receivedWhenAcknowledged);
    }

    [Fact]
    public async Task An_unreadable_event_is_not_acknowledged_and_stops_the_consumer()
    {
        await Assert.ThrowsAsync<FormatException>(() =>
            Consumption.FillAsync(_book, new Given(this, Wire.Opened().Bytes(), "{}"u8.ToArray()), Soon, CancellationToken.None));

        Assert.Equal([1], _receivedWhenAcknowledged);
    }

    [Fact]
    public async Task An_event_of_another_epoch_is_not_acknowledged_and_stops_the_consumer()
    {
        var (opened, deposited) = (Wire.Opened(), Wire.Deposited("1.00", 2));
        (opened["epoch"], deposited["epoch"]) = ("a", "b");

        var restored = await Assert.ThrowsAsync<LogRestoredException>(() =>
            Consumption.FillAsync(_book, new Given(this, opened.Bytes(), deposited.Bytes()), Soon, CancellationToken.None));

        Assert.Contains("of epoch b, earlier ones were of epoch a", restored.Message, StringComparison.Ordinal);
        Assert.Equal([1], _receivedWhenAcknowledged);
        Assert.Equal((1, 0m), (_book.Received, Assert.Single(_book.Accounts).Balance!.Value.Value));
    }

    [Fact]
    public async Task Without_a_timeout_it_runs_until_it_is_stopped()
    {
        using var stop = new CancellationTokenSource();
        var filling = Consumption.FillAsync(_book, new Given(this, Wire.Opened().Bytes()), untilIdle: null, stop.Token);

        Assert.False(filling.IsCompleted);
        await stop.CancelAsync();
        await filling;
        Assert.Equal(1, _book.Received);
    }

    /// <summary>Delivers the given events, and then nothing.</summary>
    private sealed class Given(ConsumptionTests test, params byte[][] bodies) : IEventSource
    {
        public async IAsyncEnumerable<Delivery> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
        {
            foreach (var body in bodies)
            {
                yield return new(body, () =>
                {
                    test._receivedWhenAcknowledged.Add(test._book.Received);
                    return ValueTask.CompletedTask;
                });
            }

            await new TaskCompletionSource().Task.WaitAsync(cancellation);
        }
    }
}
