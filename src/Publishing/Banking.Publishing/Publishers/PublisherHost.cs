using Banking.EventStore.Log;
using Banking.Publishing.Log;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.Publishing.Publishers;

/// <summary>
/// Runs the publishers on the one host that holds a lock in the database; when that host ends, another takes over. Two hosts that both lead
/// for a moment do no harm. Each delivers from a checkpoint before which everything has arrived, so first deliveries stay in order; and
/// nothing that the former host delivers is recorded.
/// </summary>
public sealed class PublisherHost(
    IEnumerable<IDestinationSource> sources,
    PublisherStore store,
    PublisherControl control,
    BlockedAccounts blocked,
    PublicLog log,
    LogWatcher watch,
    PublisherSignals signals,
    PublisherMetrics meter,
    NpgsqlDataSource source,
    TimeProvider clock,
    ILoggerFactory loggers) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Dictionary<IDestinationSource, IReadOnlyList<DestinationSpec>> _last = [];
    private readonly ILogger _logger = loggers.CreateLogger<PublisherHost>();

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Leader.RunAsync(source, "publishing", RunAsync, _logger, stoppingToken);

    private async Task RunAsync(CancellationToken leadershipEnd)
    {
        var running = new Dictionary<string, RunningPublisher>();
        try
        {
            while (true)
            {
                await ArrangeAsync(running, leadershipEnd);
                await Task.Delay(Pause, leadershipEnd);
            }
        }
        finally
        {
            await Task.WhenAll(running.Values.Select(r => r.DisposeAsync().AsTask()));
        }
    }

    /// <summary>Starts publishers of new destinations, and stops those that are removed or whose settings have changed.</summary>
    private async Task ArrangeAsync(Dictionary<string, RunningPublisher> running, CancellationToken ct)
    {
        var specs = await SpecsAsync(ct);
        foreach (var (name, publisher) in running.ToList())
        {
            if (publisher.Failure is { } failure)
            {
                _logger.LogWarning(failure, "Publication to {Destination} failed; it restarts from its checkpoint", name);
            }

            if (publisher.IsOver || specs.GetValueOrDefault(name)?.Settings != publisher.Spec.Settings)
            {
                await publisher.DisposeAsync();
                running.Remove(name);
            }
        }

        foreach (var spec in specs.Values.Where(s => !running.ContainsKey(s.Name)))
        {
            running[spec.Name] = new(spec, new Publisher(
                spec, store, control, blocked, log, watch, signals, meter, source, clock, loggers.CreateLogger<Publisher>()));
        }
    }

    /// <summary>The configured destinations. If a source fails, its last list stays in force.</summary>
    private async Task<Dictionary<string, DestinationSpec>> SpecsAsync(CancellationToken ct)
    {
        var specs = new Dictionary<string, DestinationSpec>();
        foreach (var destinations in sources)
        {
            try
            {
                _last[destinations] = await destinations.ListAsync(ct);
                await destinations.CleanUpAsync([.. _last[destinations].Select(s => s.Name)], ct);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                _logger.LogWarning(
                    failure,
                    "{Source} cannot list its destinations; the publishers of its last list continue",
                    destinations.GetType().Name);
            }

            foreach (var spec in _last.GetValueOrDefault(destinations) ?? [])
            {
                specs.Add(spec.Name, spec);
            }
        }

        return specs;
    }

    private sealed class RunningPublisher : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _task;

        public RunningPublisher(DestinationSpec spec, Publisher publisher)
        {
            Spec = spec;
            _task = Task.Run(() => publisher.RunAsync(_stop.Token));
        }

        public DestinationSpec Spec { get; }

        public bool IsOver => _task.IsCompleted;

        public Exception? Failure => _task.Exception?.InnerException;

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _task.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            _stop.Dispose();
        }
    }
}
