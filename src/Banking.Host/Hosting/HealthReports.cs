using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Banking.EventStore.Json;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Banking.Host.Hosting;

/// <summary>What a health address answers.</summary>
/// <param name="Status">The worst status of the checks: Healthy, Degraded or Unhealthy.</param>
internal sealed record HealthAnswer(string Status, IReadOnlyDictionary<string, CheckAnswer> Checks);

/// <param name="Why">Left out while the check is healthy.</param>
/// <param name="Since">When a probe of this host first saw this status.</param>
internal sealed record CheckAnswer(string Status, string? Why, DateTimeOffset Since);

/// <summary>
/// Writes health as JSON, and logs a line when a check changes its status. Probes come every few seconds, so they are not logged.
/// </summary>
internal sealed class HealthReports
{
    public const string MeterName = "Banking.Health";

    private readonly TimeProvider _clock;
    private readonly ILogger<HealthReports> _log;
    private readonly ConcurrentDictionary<string, CheckAnswer> _last = new();

    public HealthReports(TimeProvider clock, IMeterFactory meters, ILogger<HealthReports> log)
    {
        (_clock, _log) = (clock, log);
        meters.Create(MeterName).CreateObservableGauge(
            "banking.health.status", Measure, null, "0 while a check is healthy, 1 while it is degraded, 2 while it is unhealthy");
    }

    public Task WriteAsync(HttpContext http, HealthReport report)
    {
        var checks = report.Entries.ToDictionary(e => e.Key, e => Remember(e.Key, e.Value));
        return http.Response.WriteAsJsonAsync(
            new HealthAnswer(report.Status.ToString(), checks), ApiJson.Options, http.RequestAborted);
    }

    /// <summary>What the last probe saw.</summary>
    private IEnumerable<Measurement<int>> Measure() => _last.Select(check => new Measurement<int>(
        HealthStatus.Healthy - Enum.Parse<HealthStatus>(check.Value.Status), new KeyValuePair<string, object?>("check", check.Key)));

    private CheckAnswer Remember(string name, HealthReportEntry entry)
    {
        var (status, why) = (entry.Status.ToString(), entry.Status == HealthStatus.Healthy ? null : entry.Description);
        var before = _last.GetValueOrDefault(name);
        if (before?.Status == status)
        {
            // The reason may change while the status lasts, for instance a count.
            return before with { Why = why };
        }

        var now = new CheckAnswer(status, why, _clock.GetUtcNow());
        var changed = before is null ? _last.TryAdd(name, now) : _last.TryUpdate(name, now, before);
        if (changed && (before is not null || entry.Status != HealthStatus.Healthy))
        {
            LogChange(name, entry, status, why);
        }

        return now;
    }

    private void LogChange(string name, HealthReportEntry entry, string status, string? why)
    {
        if (entry.Status == HealthStatus.Healthy)
        {
            _log.LogInformation("Health: {Check} is {Status}", name, status);
        }
        else
        {
            _log.LogWarning(entry.Exception, "Health: {Check} is {Status}. {Why}", name, status, why);
        }
    }
}
