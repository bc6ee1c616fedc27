using Banking.EmbeddedPostgres.Backups;
using Banking.Host.Hosting;
using Banking.Web.Backups;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Banking.Host.Backups;

/// <summary>
/// Degraded while the log is not archived or has a gap, a base backup failed, or there is none, or none for two intervals; and while the
/// last drill of a restore failed, or none has ended for two intervals. Health is anonymous, so details are at <c>/ops/backups</c> and in
/// the log.
/// </summary>
internal sealed class BackupHealth(ServedBackups backups, BackupOptions options, TimeProvider clock) : IHealthCheck
{
    /// <summary>The recovery point that the bank promises.</summary>
    private static readonly TimeSpan MaxLag = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan FirstBase = TimeSpan.FromMinutes(3);

    private readonly DateTimeOffset _startedAt = clock.GetUtcNow();

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var interval = TimeSpan.FromMinutes(options.IntervalMinutes);
        return Task.FromResult(
            backups.Status is { } status
            && FindProblem(status, backups.LastDrill, backups.IsDrillOverdue, _startedAt, clock.GetUtcNow(), interval) is { } problem
                ? HealthCheckResult.Degraded(problem)
                : HealthCheckResult.Healthy());
    }

    internal static string? FindProblem(
        BackupStatus status,
        RestoreDrilled? lastDrill,
        bool isDrillOverdue,
        DateTimeOffset startedAt,
        DateTimeOffset now,
        TimeSpan interval) => status switch
        {
            { Problem: not null } => "Backups fail; see /ops/backups.",
            _ when now - (status.Archive?.EndAt ?? startedAt) > MaxLag =>
                "The archived log is more than a minute behind; see /ops/backups.",
            { Bases: [.., var last] } when now - last.FinishedAt > 2 * interval => "The last base backup is too old; see /ops/backups.",
            _ when lastDrill is { Succeeded: false } => "The last drill of a restore failed; see /ops/backups.",
            _ when isDrillOverdue => "The drill of a restore is overdue; see /ops/backups.",
            { Bases: [], IsRunning: false } when now - startedAt > FirstBase => "There is no base backup; see /ops/backups.",
            _ => null,
        };
}
