using Banking.EventStore.Log;
using Banking.Publishing.Log;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.Publishing.Publishers;

/// <summary>
/// Runs the lanes on one host of the bank at a time, the one that holds a lock in the database; another takes over where it is gone. Two
/// that both believe they lead for a moment do no harm: each delivers a run of the log from a place before which everything has arrived, so
/// that what arrives twice arrives in order the first time; and of the one that was taken over from, nothing is stored any more.
/// </summary>
public sealed class PublisherHost(
    IEnumerable<IDestinationSource> sources, PublisherStore store, PublisherControl control, BlockedAccounts waiting, PublicLog log, LogWatcher watch,
    PublisherSignals signals, PublisherMetrics meter, NpgsqlDataSource source, TimeProvider clock, ILoggerFactory loggers) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Dictionary<IDestinationSource, IReadOnlyList<DestinationSpec>> _last = [];
    private readonly ILogger _logger = loggers.CreateLogger<PublisherHost>();

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Leader.RunAsync(source, "publishing", RunAsync, _logger, stoppingToken);

    private async Task RunAsync(CancellationToken over)
    {
        var running = new Dictionary<string, RunningPublisher>();
        try
        {
            while (true)
            {
                await ArrangeAsync(running, over);
                await Task.Delay(Pause, over);
            }
        }
        finally
        {
            await Task.WhenAll(running.Values.Select(r => r.DisposeAsync().AsTask()));
        }
    }

    /// <summary>Starts the lanes that are wanted, and stops those that are not, or are to be opened in another way.</summary>
    private async Task ArrangeAsync(Dictionary<string, RunningPublisher> running, CancellationToken ct)
    {
        var specs = await SpecsAsync(ct);
        foreach (var (name, lane) in running.ToList())
        {
            if (lane.Failure is { } failure)
            {
                _logger.LogWarning(failure, "Publication to {Destination} was interrupted; it goes on", name);
            }

            if (lane.IsOver || specs.GetValueOrDefault(name)?.Settings != lane.Spec.Settings)
            {
                await lane.DisposeAsync();
                running.Remove(name);
            }
        }

        foreach (var spec in specs.Values.Where(s => !running.ContainsKey(s.Name)))
        {
            running[spec.Name] = new(spec, new Publisher(
                spec, store, control, waiting, log, watch, signals, meter, source, clock, loggers.CreateLogger<Publisher>()));
        }
    }

    /// <summary>What is wanted. Of a source that cannot tell just now, what it told last.</summary>
    private async Task<Dictionary<string, DestinationSpec>> SpecsAsync(CancellationToken ct)
    {
        var specs = new Dictionary<string, DestinationSpec>();
        foreach (var one in sources)
        {
            try
            {
                _last[one] = await one.ListAsync(ct);
                await one.TidyAsync([.. _last[one].Select(s => s.Name)], ct);
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                _logger.LogWarning(failure, "{Source} cannot tell where to publish; what runs goes on", one.GetType().Name);
            }

            foreach (var spec in _last.GetValueOrDefault(one) ?? [])
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

        public RunningPublisher(DestinationSpec spec, Publisher lane)
        {
            Spec = spec;
            _task = Task.Run(() => lane.RunAsync(_stop.Token));
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
