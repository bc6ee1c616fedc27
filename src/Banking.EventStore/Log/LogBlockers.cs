using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.EventStore.Log;

/// <summary>
/// An open transaction that has drawn a position of the log: what comes after that position waits until the transaction is over.
/// </summary>
/// <param name="Process">Its process on the server, as pg_terminate_backend takes it.</param>
/// <param name="Since">When the transaction began.</param>
/// <param name="State">active, or idle in transaction where its client leaves it open.</param>
/// <param name="Client">Where it comes from; local for a socket of the server's machine.</param>
/// <param name="Application">What the client calls itself.</param>
public sealed record LogBlocker(int Process, DateTimeOffset Since, string State, string Client, string Application);

/// <summary>Names the transactions that hold read models and publication back.</summary>
public sealed class LogBlockers(NpgsqlDataSource source, HighWaterMark mark, LogEnd log)
{
    /// <summary>Those that keep the log from being complete up to its end; none where it is.</summary>
    public async Task<IReadOnlyList<LogBlocker>> OfGapAsync(CancellationToken ct)
    {
        var complete = await mark.LookAsync(ct);
        return await log.ReadAsync(ct) > complete ? await ListAsync(ct) : [];
    }

    /// <summary>The oldest first, ten at most.</summary>
    public async Task<IReadOnlyList<LogBlocker>> ListAsync(CancellationToken ct)
    {
        await using var command = source.CreateCommand(
            "select a.pid, a.xact_start, coalesce(a.state, 'unknown'), coalesce(host(a.client_addr), 'local'), coalesce(a.application_name, '') "
                + "from pg_locks l join pg_stat_activity a on a.pid = l.pid where l.locktype = 'relation' and l.granted and l.mode = 'RowExclusiveLock' "
                + "and l.database = (select oid from pg_database where datname = current_database()) "
                + $"and l.relation = '{SchemaNames.Events}.mt_events_sequence'::regclass and a.xact_start is not null order by a.xact_start limit 10"
        );
        await using var reader = await command.ExecuteReaderAsync(ct);
        var holders = new List<LogBlocker>();
        while (await reader.ReadAsync(ct))
        {
            holders.Add(
                new(
                    reader.GetInt32(0),
                    reader.GetFieldValue<DateTimeOffset>(1),
                    reader.GetString(2),
                    reader.GetString(3),
                    reader.GetString(4)));
        }

        return holders;
    }
}
