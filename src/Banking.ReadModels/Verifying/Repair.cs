using Banking.Commands.Operators;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.ReadModels.Rebuilding;
using Npgsql;
using NpgsqlTypes;

namespace Banking.ReadModels.Verifying;

/// <summary>What a repair did.</summary>
/// <param name="Repaired">What was different, and is now what the log says.</param>
/// <param name="Remaining">What differs still: a part of the log that contradicts itself cannot be projected.</param>
public sealed record RepairResult(IReadOnlyList<Difference> Repaired, IReadOnlyList<Difference> Remaining);

/// <summary>
/// Makes what differs from the log anew, in the active version of a read model and in stored states, when an operator asks for it. Rows are
/// written in a transaction that holds the lock of the read model, so nothing is projected meanwhile; readers see the rows before or the
/// rows after. What was repaired is in the operator log in the same transaction.
/// </summary>
public sealed class Repair(
    IEnumerable<ReadModel> models,
    IEnumerable<StateComparison> states,
    Snapshots snapshots,
    NpgsqlDataSource source,
    ReadModelConnections connections,
    LogReader log,
    ReadModelLog journal,
    TimeProvider clock)
{
    /// <summary>
    /// Hosts take the lock for a moment, again and again, to see whether a rebuild waits. Whoever holds it for longer is at one.
    /// </summary>
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(50);

    /// <summary>Whether there is a read model, or a kind of stored state, of that name.</summary>
    public bool Knows(string name) => models.Any(m => m.Name == name) || states.Any(s => s.Name == name);

    /// <summary>Repairs all that is different; null where a rebuild or another repair of it is under way.</summary>
    public async Task<RepairResult?> RunAsync(string name, OperatorAction action, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(action);
        await using var turn = await connections.OpenAsync(ct);
        // The same lock as that of a rebuild. It belongs to the session, so a host that is gone holds it no longer.
        for (var asked = clock.GetTimestamp(); !await Rebuild.TryLockAsync(turn, name, ct); await Task.Delay(BetweenTries, clock, ct))
        {
            if (clock.GetElapsedTime(asked) > MaxWait)
            {
                return null;
            }
        }

        try
        {
            return await Generation.CandidateAsync(turn, name, locked: false, ct) is null ? await AllAsync(name, action, ct) : null;
        }
        finally
        {
            await Rebuild.UnlockAsync(turn);
        }
    }

    private async Task<RepairResult> AllAsync(string name, OperatorAction action, CancellationToken ct)
    {
        List<ReadModel> rows = [.. models.Where(m => m.Name == name)];
        List<StateComparison> stored = [.. states.Where(s => s.Name == name)];
        var verification = new Verification(
            rows,
            stored,
            new(rows, stored, snapshots, log),
            new(source, connections),
            new(rows, snapshots),
            snapshots,
            source,
            connections,
            log);
        Task<VerificationResult> CompareAsync() => verification.RunAsync(Guid.Empty, null, _ => { }, ct);
        var (repaired, failed) = (new List<Difference>(), new List<Difference>());
        foreach (var group in (await CompareAsync()).Differences.GroupBy(d => d.Stream))
        {
            foreach (var model in rows)
            {
                Take(await Parts.RunAsync(name, Failed, group.Key, () => RowsAsync(model, group.Key, action, ct)));
            }

            foreach (var state in stored.Where(_ => group.Key is not null))
            {
                Take(await Parts.RunAsync(name, Failed, group.Key, () => StateAsync(state, group.Key!.Value, action, ct)));
            }
        }

        // Asked again: what was repaired must now be what the log says.
        IReadOnlyList<Difference> remaining = repaired.Count + failed.Count == 0 ? [] : [.. failed, .. (await CompareAsync()).Differences];
        await SentinelStatus.RepairedAsync(source, name, remaining, ct);
        return new(repaired, remaining);

        void Take(IReadOnlyList<Difference> done)
        {
            repaired.AddRange(done.Where(d => d.Table != Failed));
            failed.AddRange(done.Where(d => d.Table == Failed));
        }
    }

    /// <summary>What a repair that failed is named, in the place of a table.</summary>
    private const string Failed = "repair";

    private async Task<IReadOnlyList<Difference>> StateAsync(
        StateComparison state, Guid stream, OperatorAction action, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var found = await state.RepairAsync(transaction, stream, ct);
        await RecordAsync(transaction, state.Name, found, action, ct);
        await transaction.CommitAsync(ct);
        return found;
    }

    /// <summary>Repairs the rows of a stream, or all sums, that are still different when the lock is held.</summary>
    /// <returns>The rows that were different.</returns>
    private async Task<IReadOnlyList<Difference>> RowsAsync(ReadModel model, Guid? only, OperatorAction action, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (
            await Generation.ActiveAsync(connection, model.Name, locked: true, ct) is not { } serving
            || serving.ModelVersion != model.Version)
        {
            return [];
        }

        var tables = ReadTables.Generation(model, serving.Number);
        IReadOnlyList<Difference> found = only is { } stream
            ? await StreamAsync(connection, model, tables, stream, serving.Position, ct)
            : await SumsAsync(connection, model, tables, null, ct);
        await RecordAsync(transaction, model.Name, found, action, ct);
        if (found.Count > 0)
        {
            // So that whoever brings it forward knows that rows are not those that it left.
            await serving.MovedAsync(connection, serving.Position, clock.GetUtcNow(), ct);
        }

        await transaction.CommitAsync(ct);
        return found;
    }

    private async Task RecordAsync(
        NpgsqlTransaction transaction, string name, IReadOnlyList<Difference> found, OperatorAction action, CancellationToken ct)
    {
        foreach (var rows in found.GroupBy(d => d.Table))
        {
            var first = rows.First();
            await journal.RecordAsync(
                transaction,
                name,
                new DriftFound(name, rows.Key, first.Stream, rows.Count(), first.Expected, first.Found, Repaired: true, clock.GetUtcNow()),
                action,
                ct);
        }
    }

    private async Task<IReadOnlyList<Difference>> StreamAsync(
        NpgsqlConnection connection, ReadModel model, ReadTables tables, Guid stream, long position, CancellationToken ct)
    {
        var (expected, _) = await StreamCheck.ProjectAsync(connection, model, log.ReadStreamAsync(stream, position, ct), ct);
        var found = await Comparison.OfStreamsAsync(connection, model, expected, tables, [stream], null, ct);
        if (found.Count == 0)
        {
            return found;
        }

        var parts = await PartsAsync(connection, model, tables, expected, stream, ct);
        foreach (var table in model.Tables.Where(t => t.StreamColumn is not null))
        {
            await ReadModelSchema.ExecuteAsync(connection, $"delete from {tables[table.Name]} where {table.StreamColumn} = $1", stream);
            await ReadModelSchema.ExecuteAsync(connection, $"insert into {tables[table.Name]} select * from {expected[table.Name]}");
        }

        return [.. found, .. await SumsAsync(connection, model, tables, parts, ct)];
    }

    /// <summary>The parts of the sums that rows of the stream are in, those that are there and those that should be.</summary>
    private static async Task<DateOnly[]> PartsAsync(
        NpgsqlConnection connection, ReadModel model, ReadTables tables, ReadTables expected, Guid stream, CancellationToken ct)
    {
        var parts = new SortedSet<DateOnly>();
        foreach (var derivation in model.Tables.Select(t => t.Derivation).OfType<Derivation>())
        {
            var column = model.Tables.Single(t => t.Name == derivation.From).StreamColumn;
            await using var command = new NpgsqlCommand(
                $"select {derivation.Part} from {tables[derivation.From]} where {column} = $1 union select {derivation.Part} from {expected[derivation.From]}",
                connection)
            {
                Parameters = { new() { Value = stream } },
            };
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                parts.Add(reader.GetFieldValue<DateOnly>(0));
            }
        }

        return [.. parts];
    }

    private static async Task<IReadOnlyList<Difference>> SumsAsync(
        NpgsqlConnection connection, ReadModel model, ReadTables tables, DateOnly[]? parts, CancellationToken ct)
    {
        var found = await Comparison.OfSumsAsync(connection, model, tables, parts, ct);
        foreach (var table in model.Tables.Where(t => found.Any(d => d.Table == t.Name)))
        {
            var derivation = table.Derivation!;
            var condition = parts is null ? "true" : $"{derivation.Part} = any($1)";
            foreach (var sql in (string[])[
                $"delete from {tables[table.Name]} where {condition}",
                $"insert into {tables[table.Name]} {derivation.Of(tables, condition)}"])
            {
                await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
                if (parts is not null)
                {
                    command.Parameters.Add(new() { Value = parts, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Date });
                }

                await command.ExecuteNonQueryAsync(ct);
            }
        }

        return found;
    }
}
