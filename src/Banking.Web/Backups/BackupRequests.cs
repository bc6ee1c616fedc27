using Banking.Commands.Operators;
using Npgsql;

namespace Banking.Web.Backups;

/// <summary>An operator requested a base backup.</summary>
/// <param name="EffectiveAt">When it was requested.</param>
public sealed record BackupRequested(DateTimeOffset EffectiveAt)
{
    /// <summary>Stored name; permanent.</summary>
    internal const string EventName = "platform.backup-requested.v1";
}

/// <summary>Begins a base backup for an operator, and records who wanted it and why.</summary>
public sealed class BackupRequests(BackupWatch backups, NpgsqlDataSource source, OperatorLog operatorLog, TimeProvider clock)
{
    private const string Name = "base";

    /// <returns>False if one is running.</returns>
    public async Task<bool> RequestAsync(OperatorAction action, CancellationToken ct)
    {
        if (backups.Read().IsRunning)
        {
            return false;
        }

        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await operatorLog.RecordAsync(transaction, RestoreDrills.Kind, Name, new BackupRequested(clock.GetUtcNow()), action, ct);
        await transaction.CommitAsync(ct);
        return backups.TryBegin();
    }
}
