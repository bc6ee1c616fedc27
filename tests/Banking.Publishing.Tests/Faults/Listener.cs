using Banking.Consumer;
using Banking.Consumer.Sources;

namespace Banking.Publishing.Tests.Faults;

/// <summary>Runs the reference consumer while the test disturbs the bank and its brokers.</summary>
internal sealed class Listener : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();
    private readonly Task _reading;

    public Listener(string name, IEventSource source)
    {
        Name = name;
        _reading = ReadAsync(source);
    }

    public string Name { get; }

    public Book Book { get; } = new();

    public long Applied => Read(b => b.Applied);

    public T Read<T>(Func<Book, T> ask)
    {
        if (_reading.IsFaulted)
        {
            throw new InvalidOperationException($"{Name} stopped reading.", _reading.Exception);
        }

        lock (_lock)
        {
            return ask(Book);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading.ContinueWith(_ => { }, TaskScheduler.Default);
        _stop.Dispose();
    }

    private async Task ReadAsync(IEventSource source)
    {
        await Task.Yield();
        await foreach (var delivery in source.ReadAsync(_stop.Token))
        {
            lock (_lock)
            {
                Book.Take(BankEvent.Read(delivery.Body));
            }

            await delivery.AcknowledgeAsync();
        }
    }
}
