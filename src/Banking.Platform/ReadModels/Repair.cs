using Banking.Platform.EventSourcing;
using Banking.Platform.Following;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Platform.ReadModels;

/// <summary>
/// Makes rows of the serving generation anew from the log: those of one stream, or sums. It holds the generation's lock, so nothing is
/// projected meanwhile; readers see the rows before or the rows after. What it did is in the log in the same transaction.
/// </summary>
public sealed class Repair(ReadModelConnections connections, LogReader log, ReadModelJournal journal, TimeProvider clock)
{
    /// <summary>Repairs what is still different when the lock is held.</summary>
    /// <returns>The rows that were different.</returns>
    public async Task<IReadOnlyList<Difference>> RunAsync(ReadModel model, Difference drift, OperatorAction action, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(drift);
        await using var connection = await connections.OpenAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await Generation.ServingAsync(connection, model.Name, locked: true, ct) is not { } serving || serving.ModelVersion != model.Version)
        {
            return [];
        }

        var tables = ReadTables.Generation(model, serving.Number);
        IReadOnlyList<Difference> found = drift.Stream is { } stream
            ? await StreamAsync(connection, model, tables, stream, serving.Position, ct)
            : await SumsAsync(connection, model, tables, null, ct);
        foreach (var rows in found.GroupBy(d => d.Table))
        {
            var first = rows.First();
            await journal.RecordAsync(
                transaction, model.Name,
                new DriftFound(model.Name, rows.Key, first.Stream, rows.Count(), first.Expected, first.Found, Repaired: true, clock.GetUtcNow()), action, ct);
        }

        if (found.Count > 0)
        {
            // So that whoever brings it forward knows that rows are not those that it left.
            await serving.MovedAsync(connection, serving.Position, clock.GetUtcNow(), ct);
        }

        await transaction.CommitAsync(ct);
        return found;
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
                $"select {derivation.Part} from {tables[derivation.From]} where {column} = $1 union select {derivation.Part} from {expected[derivation.From]}", connection)
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
