using System.Diagnostics.Metrics;
using Banking.EventStore.Log;
using Banking.Publishing.Publishers;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Banking.Publishing.Outbox;

/// <summary>Reads the state of all destinations every few seconds, for metrics.</summary>
internal sealed class OutboxGauges : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly OutboxView _view;
    private readonly ILogger<OutboxGauges> _logger;
    private IReadOnlyList<DestinationFigures> _last = [];

    public OutboxGauges(OutboxView view, IMeterFactory meters, ILogger<OutboxGauges> logger)
    {
        (_view, _logger) = (view, logger);
        var meter = meters.Create(PublisherMetrics.MeterName);
        meter.CreateObservableGauge(
            "banking.publishing.waiting", () => Measured(d => d.Waiting), "{event}", "Positions of the log that are not delivered");
        meter.CreateObservableGauge(
            "banking.publishing.oldest", () => Measured(d => d.OldestSeconds), "s", "Age of the oldest event that is not delivered");
        meter.CreateObservableGauge(
            "banking.publishing.blocked_accounts",
            () => Measured(d => d.Blocked),
            "{account}",
            "Accounts that are blocked by a paused type of event or a dead letter");
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        PeriodicLoop.RunAsync(
            Pause,
            async ct => Volatile.Write(ref _last, await _view.MeasureAsync(ct)),
            failure => _logger.LogWarning(failure, "Cannot read the state of publication; its metrics keep their last values"),
            stoppingToken);

    private IEnumerable<Measurement<double>> Measured(Func<DestinationFigures, double> value) =>
        Volatile.Read(ref _last).Select(d => new Measurement<double>(value(d), new KeyValuePair<string, object?>("destination", d.Name)));
}
