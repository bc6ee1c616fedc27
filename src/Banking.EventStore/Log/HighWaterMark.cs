using Banking.EventStore.Storage;
using Marten;
using Npgsql;

namespace Banking.EventStore.Log;

/// <summary>
/// How far the log is complete: up to there no transaction can put an event any more. Numbers are given out before their transactions
/// commit, so behind a number that is missing may be one that is still coming, or one whose transaction was rolled back. Which it is,
/// PostgreSQL knows: who has drawn a number holds a lock on the sequence until its transaction is over. Once all are over that held it when
/// a number was found missing, whatever is not there then will never be. So nothing is passed over after a time, nobody but a writer of
/// events can hold the log up, and each host finds out for itself (docs/decisions/0012). The mark divides no transaction: transactions that
/// run at the same time draw numbers in turns, and a reader that saw one half of a transfer without the other would see money in transit
/// that is not.
/// </summary>
public sealed class HighWaterMark(IDocumentStore store, ReadModelConnections connections, IEnumerable<CompletePosition> known) : IDisposable
{
    /// <summary>
    /// Events that are looked at one by one; behind more than these, it is faster to wait for the transactions that are alive.
    /// </summary>
    private const int Run = 4_096;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly string _schema = store.Options.Events.DatabaseSchemaName;
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>Which log a session reads, as SQL over pg_database. A restore in place creates a new sequence.</summary>
    private const string Identity =
        $"extract(epoch from pg_postmaster_start_time())::text || ' ' || oid || ' ' || " +
        $"coalesce(pg_relation_filenode('{SchemaNames.Events}.mt_events_sequence'), 0)";

    /// <summary>
    /// Which log a session reads, as a query to be compared with <see cref="Server"/>: whether a restore has replaced what was seen.
    /// </summary>
    public const string IdentitySql = $"select {Identity} from pg_database where datname = current_database()";

    private string? _server;
    private long _complete;

    /// <summary>The last number there was when one before it was found missing, and the transactions that were alive then.</summary>
    private (long Last, HashSet<string> Writers)? _settling;

    /// <summary>Up to here, a number that is missing was rolled back.</summary>
    private long _settled;

    /// <summary>As last looked at; 0 before the first look, and after one that failed.</summary>
    public long Complete => Volatile.Read(ref _complete);

    /// <summary>
    /// Changes when the database was restarted, or is another: numbers that were seen there may stand for other events here. Null before
    /// the first look, and after one that failed.
    /// </summary>
    public string? Server => Volatile.Read(ref _server);

    /// <summary>Looks now.</summary>
    public async Task<long> LookAsync(CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            await using var connection = await connections.OpenAsync(ct);
            await MeetAsync(connection, ct);
            if (_settling is { } settling)
            {
                settling.Writers.IntersectWith(await WritersAsync(connection, ct));
                Settle(settling);
            }

            if (!await AdvanceAsync(connection, ct) && _settling is null)
            {
                // In this order: whoever drew a number below the last one drew it before, and is over or among the writers.
                var last = await LastAsync(connection, ct);
                Settle((last, await WritersAsync(connection, ct)));
                if (_settling is null)
                {
                    await AdvanceAsync(connection, ct);
                }
            }

            return Complete;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // Whoever answers the next time may be a server that was restored, or one that took over and lacks the last events: what was
            // known is not known any more.
            Forget();
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>
    /// Which log it is that a connection reads now; compared with <see cref="Server"/>, whether a restore has replaced what was seen.
    /// </summary>
    internal static async Task<string> IdentifyAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(IdentitySql, connection);
        return (string)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>Returns when the log is complete up to the events of now.</summary>
    public async Task SettleAsync(CancellationToken ct)
    {
        long last;
        await using (var connection = await connections.OpenAsync(ct))
        {
            last = await LastAsync(connection, ct);
        }

        while (await LookAsync(ct) < last)
        {
            await Task.Delay(Pause, ct);
        }
    }

    public void Dispose() => _turn.Dispose();

    private void Forget()
    {
        (_settling, _settled) = (null, 0);
        Volatile.Write(ref _server, null);
        Volatile.Write(ref _complete, 0);
    }

    /// <summary>
    /// A place that a read model has reached was complete once, and is for ever; on another server nothing is known but that.
    /// </summary>
    private async Task MeetAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"select {Identity}, (select coalesce(max(seq_id), 0) from {_schema}.mt_events) from pg_database where datname = current_database()",
            connection);
        string server;
        long last;
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            await reader.ReadAsync(ct);
            (server, last) = (reader.GetString(0), reader.GetInt64(1));
        }

        if (server != _server || last < Complete)
        {
            Forget();
            var complete = 0L;
            foreach (var position in known)
            {
                complete = Math.Max(complete, await ScalarAsync(connection, position.Sql, ct));
            }

            Volatile.Write(ref _complete, complete);
            Volatile.Write(ref _server, server);
        }
    }

    /// <summary>Moves the mark over the events behind it that are complete.</summary>
    /// <returns>Whether there is nothing behind it now.</returns>
    private async Task<bool> AdvanceAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        if (_settled - Complete > Run)
        {
            // Farther behind than one look reads.
            Volatile.Write(ref _complete, _settled);
        }

        var events = await NextAsync(connection, ct);
        var complete = events.CountTo(Complete, _settled);
        var whole = complete == events.Count && complete < Run;
        // Of a full page the second half is only looked at: a transaction that begins in the first half may end there.
        var boundary = whole ? complete : events.LastBoundary(events.Count == Run ? Math.Min(complete, Run / 2) : complete);
        // Transactions that overlap without end are divided in the end: the log must move.
        var moved = boundary == 0 && events.Count == Run ? complete : boundary;
        if (moved > 0)
        {
            Volatile.Write(ref _complete, events[moved - 1].Position);
        }

        return whole;
    }

    private async Task<List<LoggedEvent>> NextAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"select seq_id, xmin::text::bigint from {_schema}.mt_events where seq_id > $1 order by seq_id limit {Run}", connection);
        command.Parameters.Add(new() { Value = Complete });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var events = new List<LoggedEvent>();
        while (await reader.ReadAsync(ct))
        {
            events.Add(new(reader.GetInt64(0), reader.GetInt64(1)));
        }

        return events;
    }

    private void Settle((long Last, HashSet<string> Writers) settling)
    {
        var isOver = settling.Writers.Count == 0;
        _settling = isOver ? null : settling;
        _settled = isOver ? Math.Max(_settled, settling.Last) : _settled;
    }

    private Task<long> LastAsync(NpgsqlConnection connection, CancellationToken ct) =>
        ScalarAsync(connection, $"select coalesce(max(seq_id), 0) from {_schema}.mt_events", ct);

    /// <summary>The transactions that have drawn a number and are not over.</summary>
    private async Task<HashSet<string>> WritersAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            "select virtualtransaction from pg_locks where locktype = 'relation' and granted and mode = 'RowExclusiveLock' "
                + $"and database = (select oid from pg_database where datname = current_database()) and relation = '{_schema}.mt_events_sequence'::regclass",
            connection);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var writers = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(ct))
        {
            writers.Add(reader.GetString(0));
        }

        return writers;
    }

    private static async Task<long> ScalarAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }
}
