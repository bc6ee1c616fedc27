using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.EventStore.Log;

/// <summary>An open transaction that has taken a position of the log: later events wait until it ends.</summary>
/// <param name="Process">Its server process, as pg_terminate_backend takes it.</param>
/// <param name="Since">Start of the transaction.</param>
/// <param name="State">active, or idle in transaction while its client leaves it open.</param>
/// <param name="Client">Address of the client; local for a socket of the server.</param>
/// <param name="Application">Application name of the client.</param>
public sealed record LogBlocker(int Process, DateTimeOffset Since, string State, string Client, string Application);

/// <summary>Lists the transactions that delay read models and publication.</summary>
public sealed class LogBlockers(NpgsqlDataSource source, HighWaterMark highWaterMark, LogEnd log)
{
    /// <summary>Returns the blockers if the log is not complete up to its end; otherwise none.</summary>
    public async Task<IReadOnlyList<LogBlocker>> OfGapAsync(CancellationToken ct)
    {
        var complete = await highWaterMark.LookAsync(ct);
        return await log.ReadAsync(ct) > complete ? await ListAsync(ct) : [];
    }

    /// <summary>Returns up to ten blockers, oldest first.</summary>
    public Task<IReadOnlyList<LogBlocker>> ListAsync(CancellationToken ct) => source.ListAsync(
        $"""
        select a.pid, a.xact_start, coalesce(a.state, 'unknown'), coalesce(host(a.client_addr), 'local'),
            coalesce(a.application_name, '')
        from pg_locks l join pg_stat_activity a on a.pid = l.pid
        where l.locktype = 'relation' and l.granted and l.mode = 'RowExclusiveLock'
            and l.database = (select oid from pg_database where datname = current_database())
            and l.relation = '{SchemaNames.Events}.mt_events_sequence'::regclass and a.xact_start is not null
        order by a.xact_start limit 10
        """,
        [],
        row => new LogBlocker(
            row.GetInt32(0), row.GetFieldValue<DateTimeOffset>(1), row.GetString(2), row.GetString(3), row.GetString(4)),
        ct);
}
