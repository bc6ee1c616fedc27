using Banking.EventStore.Epochs;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.EventStore.Log;

/// <summary>
/// The high-water mark: the position up to which the log is complete, because no transaction can add an event at or below it. Positions are
/// assigned before transactions commit, so a missing one is either uncommitted or rolled back. A writer holds a lock on the sequence until
/// its transaction ends. When every transaction that held this lock at the time of the gap has ended, a position still missing was rolled
/// back.
/// <para>So no timeout skips a gap, only writers of events can delay the log, and each host finds the mark for itself
/// (docs/decisions/0012). The mark never divides a transaction: concurrent transactions interleave their positions, and a reader that saw
/// half of a transaction would see an inconsistent state.</para>
/// </summary>
public sealed class HighWaterMark(ReadModelConnections connections, IEnumerable<CompletePosition> known, LogEpochs epochs)
    : IDisposable
{
    /// <summary>Maximum number of events checked one by one. Further behind, it is faster to wait for the open transactions.</summary>
    private const int MaxEvents = 4_096;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>
    /// The identity of the log that a session reads, as SQL over pg_database. A restore in place creates a new sequence, and a new epoch
    /// may begin afterwards.
    /// </summary>
    private const string Identity =
        $"extract(epoch from pg_postmaster_start_time())::text || ' ' || oid || ' ' || " +
        $"coalesce(pg_relation_filenode('{SchemaNames.Events}.mt_events_sequence'), 0) || ' ' || " +
        $"coalesce(({EpochTable.CurrentSql}), '00000000-0000-0000-0000-000000000000')";

    /// <summary>
    /// Query for the identity of the log that a session reads. A value other than <see cref="Server"/> means that a restore has replaced
    /// the log, or may have.
    /// </summary>
    public const string IdentitySql = $"select {Identity} from pg_database where datname = current_database()";

    /// <summary>Query for the last position.</summary>
    private const string Last = $"select coalesce(max(seq_id), 0) from {SchemaNames.Events}.mt_events";

    private string? _server;
    private long _complete;

    /// <summary>The last position at the time of a gap, and the transactions open then that have not ended.</summary>
    private (long Last, HashSet<string> Writers)? _gap;

    /// <summary>Up to this position a missing one was rolled back.</summary>
    private long _rolledBackUpTo;

    /// <summary>The mark of the last update; 0 before the first one, and after one that failed.</summary>
    public long Complete => Volatile.Read(ref _complete);

    /// <summary>
    /// The identity of the log. It changes when the database is restarted or replaced: the same positions may then stand for other events.
    /// Null before the first update, and after one that failed.
    /// </summary>
    public string? Server => Volatile.Read(ref _server);

    /// <summary>The epoch of a log, by its identity: what was read from that log belongs to it, even if another has begun since.</summary>
    public static string EpochOf(string server)
    {
        return Guid.Parse(server[(server.LastIndexOf(' ') + 1)..]).ToString("N");
    }

    /// <summary>Updates the mark from the database and returns it.</summary>
    public async Task<long> LookAsync(CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            await using var connection = await connections.OpenAsync(ct);
            await CheckServerAsync(connection, ct);
            if (_gap is { } gap)
            {
                gap.Writers.IntersectWith(await ReadWritersAsync(connection, ct));
                SetGap(gap);
            }

            if (!await AdvanceAsync(connection, ct) && _gap is null)
            {
                // This order matters: a writer with a position below the last one took it before, so it has ended or is among the writers.
                var last = await ReadLastAsync(connection, ct);
                SetGap((last, await ReadWritersAsync(connection, ct)));
                if (_gap is null)
                {
                    await AdvanceAsync(connection, ct);
                }
            }

            await epochs.NoteAsync(connection, Complete, ct);
            return Complete;
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // The next connection may reach a restored server, or a standby that lacks the last events: discard the cached mark.
            Reset();
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Returns the identity of the log that a connection reads.</summary>
    internal static Task<string> IdentifyAsync(NpgsqlConnection connection, CancellationToken ct) =>
        connection.ScalarAsync<string>(IdentitySql, [], ct);

    /// <summary>Remembers the end of the log for the next host.</summary>
    public async Task NoteEndAsync(CancellationToken ct)
    {
        await LookAsync(ct);
        await _turn.WaitAsync(ct);
        try
        {
            await using var connection = await connections.OpenAsync(ct);
            await epochs.NoteAsync(connection, Complete, ct, isLast: true);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Waits until the log is complete up to the current last event.</summary>
    public async Task WaitUntilCompleteAsync(CancellationToken ct)
    {
        long last;
        await using (var connection = await connections.OpenAsync(ct))
        {
            last = await ReadLastAsync(connection, ct);
        }

        while (await LookAsync(ct) < last)
        {
            await Task.Delay(PollInterval, ct);
        }
    }

    public void Dispose() => _turn.Dispose();

    private void Reset()
    {
        (_gap, _rolledBackUpTo) = (null, 0);
        Volatile.Write(ref _server, null);
        Volatile.Write(ref _complete, 0);
    }

    /// <summary>
    /// Discards the mark if the server is another. The log is certainly complete up to the position of each read model, so the new mark
    /// starts there.
    /// </summary>
    private async Task CheckServerAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        var (server, last) = await ReadServerAsync(connection, ct);
        if (server == _server && last >= Complete)
        {
            return;
        }

        Reset();
        string checkedServer;
        do
        {
            checkedServer = server;
            await epochs.CheckAsync(ct);
            (server, _) = await ReadServerAsync(connection, ct);
        }
        while (server != checkedServer);

        var complete = 0L;
        foreach (var position in known)
        {
            complete = Math.Max(complete, await connection.ScalarAsync<long>(position.Sql, [], ct));
        }

        Volatile.Write(ref _complete, complete);
        Volatile.Write(ref _server, server);
    }

    private static async Task<(string Server, long Last)> ReadServerAsync(NpgsqlConnection connection, CancellationToken ct) =>
        (await connection.ListAsync(
            $"select {Identity}, ({Last}) from pg_database where datname = current_database()",
            [],
            row => (row.GetString(0), row.GetInt64(1)),
            ct))[0];

    /// <summary>Moves the mark over the complete events after it.</summary>
    /// <returns>Whether the log has no further events.</returns>
    private async Task<bool> AdvanceAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        if (_rolledBackUpTo - Complete > MaxEvents)
        {
            // Further behind than one update reads.
            Volatile.Write(ref _complete, _rolledBackUpTo);
        }

        var events = await ReadNextAsync(connection, ct);
        var complete = events.CountContiguous(Complete, _rolledBackUpTo);
        var whole = complete == events.Count && complete < MaxEvents;
        // In a full page the second half only shows where the transactions of the first half end.
        var boundary = whole ? complete : events.LastBoundary(events.Count == MaxEvents ? Math.Min(complete, MaxEvents / 2) : complete);
        // Transactions that overlap without end must be divided: the mark must advance.
        var moved = boundary == 0 && events.Count == MaxEvents ? complete : boundary;
        if (moved > 0)
        {
            epochs.Saw(Complete, new(events[moved - 1].Position, events[moved - 1].Id, moved));
            Volatile.Write(ref _complete, events[moved - 1].Position);
        }

        return whole;
    }

    private Task<IReadOnlyList<LoggedEvent>> ReadNextAsync(NpgsqlConnection connection, CancellationToken ct) => connection.ListAsync(
        $"select seq_id, xmin::text::bigint, id from {SchemaNames.Events}.mt_events where seq_id > $1 order by seq_id limit {MaxEvents}",
        [Complete],
        row => new LoggedEvent(row.GetInt64(0), row.GetInt64(1), row.GetGuid(2)),
        ct);

    private void SetGap((long Last, HashSet<string> Writers) gap)
    {
        var isResolved = gap.Writers.Count == 0;
        _gap = isResolved ? null : gap;
        _rolledBackUpTo = isResolved ? Math.Max(_rolledBackUpTo, gap.Last) : _rolledBackUpTo;
    }

    private static Task<long> ReadLastAsync(NpgsqlConnection connection, CancellationToken ct) =>
        connection.ScalarAsync<long>(Last, [], ct);

    /// <summary>Returns the open transactions that have taken a position.</summary>
    private static async Task<HashSet<string>> ReadWritersAsync(NpgsqlConnection connection, CancellationToken ct) =>
        (await connection.ListAsync(
            $"""
            select virtualtransaction from pg_locks where locktype = 'relation' and granted and mode = 'RowExclusiveLock'
                and database = (select oid from pg_database where datname = current_database())
                and relation = '{SchemaNames.Events}.mt_events_sequence'::regclass
            """,
            [],
            row => row.GetString(0),
            ct)).ToHashSet(StringComparer.Ordinal);
}
