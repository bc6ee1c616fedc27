using Banking.EmbeddedPostgres.Backups;
using Banking.EventStore.Log;
using Banking.Host.Hosting;
using Banking.Web.Backups;

namespace Banking.Host.Backups;

/// <summary>Restores the newest backup from time to time, and records the result.</summary>
/// <param name="settings">The settings of the host (<see cref="DrillRun.FindSettings"/>).</param>
internal sealed class DrillSchedule(
    ClusterBackups backups, BackupOptions options, string dataFolder, IReadOnlyList<string> settings, RestoreDrills drills, ILogger log)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMinutes(1);

    /// <summary>The first drill of a bank does not wait for a whole interval.</summary>
    private static readonly TimeSpan FirstAfter = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan Grace = TimeSpan.FromHours(1);

    private readonly DateTimeOffset _startedAt = TimeProvider.System.GetUtcNow();

    /// <summary>The last drill; null before the first one.</summary>
    public RestoreDrilled? Last { get; private set; }

    /// <summary>Whether no drill has ended for an interval longer than the schedule says, or an hour longer if that is more.</summary>
    public bool IsOverdue => IsOverdueSince(Last?.EffectiveAt ?? _startedAt, TimeProvider.System.GetUtcNow(), Interval);

    private TimeSpan Interval => TimeSpan.FromSeconds(options.DrillIntervalSeconds);

    /// <param name="since">When the last drill ended, or when the host started if there was none.</param>
    internal static bool IsOverdueSince(DateTimeOffset since, DateTimeOffset now, TimeSpan interval) =>
        now - since > interval + (interval > Grace ? interval : Grace);

    public async Task RunAsync(CancellationToken stopping)
    {
        try
        {
            await PeriodicLoop.RunAsync(
                Interval < LookInterval ? Interval : LookInterval,
                DrillIfDueAsync,
                failure => log.LogWarning(failure, "The drill of a restore failed; trying again"),
                stopping);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    private async Task DrillIfDueAsync(CancellationToken ct)
    {
        Last ??= await drills.FindLastAsync(ct);
        if (backups.Status is not { Path: { } archive, Bases: [var first, ..] } || !IsDue(first))
        {
            return;
        }

        // While a base backup is running the drill waits, and a base backup that begins during the drill leaves the drill its space.
        using var space = backups.TryReserve(BankDatabase.FolderIn(DrillRun.FolderIn(dataFolder)));
        if (space is null)
        {
            return;
        }

        var drilled = await DrillRun.RunAsync(archive, dataFolder, settings, ct);
        await drills.RecordAsync(drilled, ct);
        Last = drilled;
        if (!drilled.Succeeded)
        {
            log.LogError("The drill of a restore failed: {Report}", drilled.Report);
        }
    }

    private bool IsDue(BackupManifest first)
    {
        var now = TimeProvider.System.GetUtcNow();
        return Last is { EffectiveAt: var at }
            ? now - at >= Interval
            : now - first.FinishedAt >= (Interval < FirstAfter ? Interval : FirstAfter);
    }
}
