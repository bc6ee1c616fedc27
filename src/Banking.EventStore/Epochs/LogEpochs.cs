using Banking.EventStore.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.EventStore.Epochs;

/// <summary>
/// Finds out whether the log was restored to an older state, and then begins a new epoch. The high-water mark asks at the start of the
/// host, and whenever the log may be another one; nothing reads the log before the answer.
/// </summary>
public sealed class LogEpochs(
    NpgsqlDataSource source, EpochMemory memory, IEnumerable<IEpochReaction> reactions, ILogger<LogEpochs> logger) : IDisposable
{
    private static readonly TimeSpan CheckpointInterval = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private EpochHistory? _history;
    private LogCheckpoint? _seen;
    private long _notedAt;

    /// <summary>The epochs of the log.</summary>
    /// <exception cref="InvalidOperationException">The log was not read yet.</exception>
    public EpochHistory History => Volatile.Read(ref _history) ?? throw new InvalidOperationException("The log was not read yet.");

    /// <summary>Compares the log with what this host knows of it, and begins a new epoch if they differ.</summary>
    public Task CheckAsync(CancellationToken ct) => InTurnAsync(() => CompareAsync(ct), ct);

    /// <summary>Remembers the last event that this host has read, until the next checkpoint.</summary>
    /// <param name="after">The position after which it has read.</param>
    /// <param name="last">The last event, with the number of events that it has read.</param>
    public void Saw(long after, LogCheckpoint last)
    {
        var noted = memory.Known?.Checkpoints[^1].Position;
        // Where a position was skipped, the number of events since the last checkpoint is not known.
        long? before = after == noted && noted > 0 ? 0
            : _seen is { } seen && seen.Position == after ? seen.Events
            : null;
        Volatile.Write(ref _seen, last with { Events = before + last.Events });
    }

    /// <summary>Remembers that the log is complete up to a position, from time to time.</summary>
    /// <param name="isLast">Whether the host ends.</param>
    public Task NoteAsync(NpgsqlConnection connection, long complete, CancellationToken ct, bool isLast = false) =>
        memory.Known is { Checkpoints: [.., var last] }
            && (isLast
                || (complete > last.Position
                    && (_notedAt == 0 || TimeProvider.System.GetElapsedTime(_notedAt) >= CheckpointInterval)))
            ? InTurnAsync(() => AddCheckpointAsync(connection, complete, isLast, ct), ct)
            : Task.CompletedTask;

    public void Dispose() => _turn.Dispose();

    private async Task InTurnAsync(Func<Task> work, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            await work();
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task CompareAsync(CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        // Hosts that find the same difference at once make one epoch: the second sees that of the first.
        await EpochTable.LockAsync(connection, ct);
        var stored = await EpochTable.ReadAsync(connection, ct);
        if (stored.Epochs.Count == 0)
        {
            // The bank serves on, and verify and the sentinel report it.
            logger.LogError("{Table} has no epoch, so a restore cannot be noticed. The command migrate begins one", EpochTable.Name);
            Volatile.Write(ref _history, EpochHistory.Lost);
            return;
        }

        var place = await LogPlace.ReadAsync(connection, ct);
        memory.Recall(stored.First.Id);
        IReadOnlyList<LogCheckpoint> same = [LogCheckpoint.Beginning];
        if (memory.Known is { } known)
        {
            known = WithSeen(known);
            var found = await FindAsync(connection, known.Checkpoints, ct);
            var compared = LogComparison.Of(known, stored, place, found);
            same = [.. compared.Same.Where(IsCounted)];
            if (compared.Cause is { } cause)
            {
                same = await FindCompleteAsync(
                    connection, [.. same.TakeWhile(c => c.Position == 0 || found.ContainsKey(c.Position))], ct);
                // Transactions commit in another order than their positions: the last event may be there, and one before it not.
                cause = same.Count < compared.Same.Count ? EpochCause.Differs : cause;
                await BeginAsync(connection, compared.Lost, same[^1].Position + 1, cause, place, ct);
                stored = await EpochTable.ReadAsync(connection, ct);
            }
        }

        foreach (var reaction in reactions)
        {
            await reaction.ReactAsync(transaction, stored, ct);
        }

        await transaction.CommitAsync(ct);
        memory.Keep(new(place.ToString(), stored.Epochs, same));
        _seen = null;
        Volatile.Write(ref _history, stored);
    }

    private async Task AddCheckpointAsync(NpgsqlConnection connection, long complete, bool isLast, CancellationToken ct)
    {
        var last = memory.Known!.Checkpoints[^1];
        // A long log is not counted when it is seen for the first time.
        var count = last.Position == 0 ? "null::bigint"
            : $"(select count(*) from {SchemaNames.Events}.mt_events c where c.seq_id > $1 and c.seq_id <= e.seq_id)";
        var next = await connection.ListAsync(
            $"select seq_id, id, {count} from {SchemaNames.Events}.mt_events e where seq_id > $1 and seq_id <= $2 "
                + "order by seq_id desc limit 1",
            [last.Position, complete],
            row => new LogCheckpoint(row.GetInt64(0), row.GetGuid(1), row.GetOrDefault<long?>(2)),
            ct);
        _notedAt = TimeProvider.System.GetTimestamp();
        if (next is [var checkpoint])
        {
            memory.Keep(memory.Known.With(checkpoint), isLast);
        }
        else if (isLast)
        {
            memory.Keep(memory.Known, isLast);
        }
    }

    /// <summary>Whether the number of events before a checkpoint is known, or was never needed.</summary>
    private bool IsCounted(LogCheckpoint checkpoint) => checkpoint != _seen || checkpoint.Events is not null;

    private KnownLog WithSeen(KnownLog known) => _seen is { } seen && seen.Position > known.Checkpoints[^1].Position
        ? known with { Checkpoints = [.. known.Checkpoints, seen] }
        : known;

    private async Task BeginAsync(
        NpgsqlConnection connection, IReadOnlyList<LogEpoch> lost, long first, string cause, LogPlace place, CancellationToken ct)
    {
        foreach (var epoch in lost)
        {
            await EpochTable.AddAsync(connection, epoch, ct);
        }

        await EpochTable.BeginAsync(connection, first, cause, place, ct);
        logger.LogWarning(
            "The database was restored or moved ({Cause}). From position {Position} on, the log may have other events than before. A new "
                + "epoch begins; destinations may be paused until an operator releases them (GET /ops/outbox)",
            cause,
            first);
    }

    private static async Task<Dictionary<long, Guid>> FindAsync(
        NpgsqlConnection connection, IReadOnlyList<LogCheckpoint> checkpoints, CancellationToken ct) => (await connection.ListAsync(
        $"select seq_id, id from {SchemaNames.Events}.mt_events where seq_id = any($1)",
        [checkpoints.Select(c => c.Position).ToArray()],
        row => (Position: row.GetInt64(0), Event: row.GetGuid(1)),
        ct)).ToDictionary();

    /// <summary>The checkpoints up to the last one before which no event is missing.</summary>
    private static async Task<IReadOnlyList<LogCheckpoint>> FindCompleteAsync(
        NpgsqlConnection connection, IReadOnlyList<LogCheckpoint> same, CancellationToken ct)
    {
        for (var last = same.Count - 1; last > 0; last--)
        {
            if (same[last].Events is not { } expected || expected == await connection.ScalarAsync<long>(
                $"select count(*) from {SchemaNames.Events}.mt_events where seq_id > $1 and seq_id <= $2",
                [same[last - 1].Position, same[last].Position],
                ct))
            {
                return [.. same.Take(last + 1)];
            }
        }

        return [.. same.Take(1)];
    }
}
