using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Banking.Publishing.Outbox;

/// <summary>
/// Degraded while a destination is in trouble, falls behind, or has dead letters: no money moves wrong, and somebody has to look. What people hold is
/// as they want it.
/// </summary>
public sealed class PublicationHealth(OutboxView view) : IHealthCheck
{
    /// <summary>Longer than a broker that is restarted is away.</summary>
    private const double LateSeconds = 60;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var state = await view.LookAsync(cancellationToken);
            string[] wrong = [.. state.Items.Select(Why).OfType<string>()];
            return wrong.Length == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Degraded(string.Join("; ", wrong));
        }
        catch (Npgsql.NpgsqlException failure)
        {
            // The ledger's own check says so.
            return HealthCheckResult.Degraded("Publication could not be looked at.", failure);
        }
    }

    private static string? Why(DestinationView d) => d switch
    {
        { Configured: false } => null,
        { Held.By: "bank" } => $"{d.Name}: left alone after too many failures: {d.Held.Reason}",
        { Held: null, LastError: { } error } => $"{d.Name}: {error.Text}",
        { Held: null, OldestSeconds: > LateSeconds } => $"{d.Name}: {d.OldestSeconds:0} s behind",
        _ when d.WaitingAccounts.Any(w => w.Cause != Lanes.WaitingAccounts.HeldCause) => $"{d.Name}: has dead letters",
        _ => null,
    };
}
