using Banking.EventStore.Log;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Banking.Publishing.Outbox;

/// <summary>
/// Degraded while a destination is in trouble, falls behind, or has dead letters: no money moves wrong, and somebody has to look. What
/// people hold is as they want it.
/// </summary>
public sealed class PublicationHealth(OutboxView view) : IHealthCheck
{
    /// <summary>Longer than a broker that is restarted is away.</summary>
    private const double LateSeconds = 60;

    private static readonly TimeSpan LongTransaction = TimeSpan.FromSeconds(30);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var state = await view.LookAsync(cancellationToken);
            string[] wrong = [.. state.HeldBackBy.Where(IsLong).Select(Why), .. state.Items.Select(Why).OfType<string>()];
            return wrong.Length == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded(string.Join("; ", wrong));
        }
        catch (Npgsql.NpgsqlException failure)
        {
            // The ledger's own check says so.
            return HealthCheckResult.Degraded("Publication could not be looked at.", failure);
        }
    }

    /// <summary>
    /// By the server's clock its transactions began, by this machine's they are measured: half a minute is longer than both differ.
    /// </summary>
    private static bool IsLong(LogBlocker holder) => TimeProvider.System.GetUtcNow() - holder.Since > LongTransaction;

    private static string Why(LogBlocker h) =>
        $"process {h.Process} ({h.Application} from {h.Client}, {h.State}) holds read models and publication back since {h.Since:O}; pg_terminate_backend({h.Process}) ends it";

    private static string? Why(DestinationView d) => d switch
    {
        { Configured: false } => null,
        { Held.By: "bank" } => $"{d.Name}: left alone after too many failures: {d.Held.Reason}",
        { Held: null, LastError: { } error } => $"{d.Name}: {error.Text}",
        { Held: null, OldestSeconds: > LateSeconds } => $"{d.Name}: {d.OldestSeconds:0} s behind",
        _ when d.WaitingAccounts.Any(w => w.Cause != Publishers.BlockedAccounts.HeldCause) => $"{d.Name}: has dead letters",
        _ => null,
    };
}
