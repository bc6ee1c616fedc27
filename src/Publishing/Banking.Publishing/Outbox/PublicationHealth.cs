using Banking.EventStore.Log;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Banking.Publishing.Outbox;

/// <summary>
/// Degraded while a destination has a problem, a backlog or dead letters: no booking is wrong, but an operator must act. Destinations that
/// operators paused are healthy. Anyone may read health, so the reasons are only in /ops/outbox.
/// </summary>
public sealed class PublicationHealth(OutboxView view) : IHealthCheck
{
    /// <summary>Longer than the restart of a broker takes.</summary>
    private const double MaxAgeSeconds = 60;

    private static readonly TimeSpan MaxTransactionTime = TimeSpan.FromSeconds(30);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var state = await view.FindTroubledAsync(MaxAgeSeconds, cancellationToken);
            string[] wrong = [.. state.HeldBackBy.Where(IsOpenTooLong).Select(Describe), .. state.Items.Select(Describe).OfType<string>()];
            return wrong.Length == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded(string.Join("; ", wrong));
        }
        catch (Npgsql.NpgsqlException failure)
        {
            // The database has its own health check.
            return HealthCheckResult.Degraded("Cannot read the state of publication: the database is unavailable.", failure);
        }
    }

    /// <summary>Compares the server's clock with this machine's: the limit is larger than the difference of the clocks.</summary>
    private static bool IsOpenTooLong(LogBlocker blocker) => TimeProvider.System.GetUtcNow() - blocker.Since > MaxTransactionTime;

    private static string Describe(LogBlocker h) =>
        $"an open transaction blocks read models and publication since {h.Since:O}; GET /ops/outbox names it";

    private static string? Describe(DestinationView d) => d switch
    {
        { Configured: false } => null,
        { Held.By: "bank" } => $"{d.Name}: paused by the bank; GET /ops/outbox has the reason",
        { Held: null, LastError: not null } => $"{d.Name}: deliveries fail",
        { Held: null, OldestSeconds: > MaxAgeSeconds } => $"{d.Name}: {d.OldestSeconds:0} s behind",
        _ when d.BlockedAccounts.Any(w => w.Cause != Publishers.BlockedAccounts.PausedCause) => $"{d.Name}: has dead letters",
        _ => null,
    };
}
