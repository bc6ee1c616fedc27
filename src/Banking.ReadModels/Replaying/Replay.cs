using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using JasperFx.Events;
using Npgsql;

namespace Banking.ReadModels.Replaying;

/// <summary>The part of the log to replay.</summary>
/// <param name="Stream">Only this stream; null for all.</param>
/// <param name="From">Only rows recorded at or after this instant; null for no limit.</param>
/// <param name="To">Only events recorded before this instant; null for no limit.</param>
public sealed record ReplayPortion(Guid? Stream, DateTimeOffset? From, DateTimeOffset? To);

/// <summary>The result of a replay.</summary>
/// <param name="Rows">Number of rows by table.</param>
public sealed record ReplayResult(string Schema, long Events, IReadOnlyDictionary<string, long> Rows);

/// <summary>
/// Projects a part of the log into tables in a separate schema, to explain a figure or to try a new model. Only the operator reads these
/// tables, and nothing is published.
/// </summary>
public sealed class Replay(ReadModelConnections connections, LogReader log, HighWaterMark highWaterMark)
{
    private const string Prefix = "scratch_";

    /// <summary>Whether replays may create and drop a schema of this name.</summary>
    public static bool IsScratch(string? schema) => schema is { Length: > 8 and <= 60 }
        && schema.StartsWith(Prefix, StringComparison.Ordinal)
        && schema.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '_');

    /// <param name="schema">Dropped with all its contents, and created again.</param>
    /// <param name="progress">Receives the position reached, and the end.</param>
    public async Task<ReplayResult> RunAsync(
        ReadModel model, string schema, ReplayPortion portion, Action<long, long> progress, CancellationToken ct)
    {
        if (!IsScratch(schema))
        {
            throw new ArgumentException(
                $"The name of a scratch schema must be {Prefix} followed by lower-case letters, digits and _, 60 characters at most.",
                nameof(schema));
        }

        await using var connection = await connections.OpenAsync(ct);
        await ReadModelSchema.ExecuteAsync(connection, $"drop schema if exists {schema} cascade; create schema {schema}");
        var tables = ReadTables.In(schema);
        await ReadModelSchema.CreateAsync(connection, model, tables);
        var events = 0L;
        await foreach (var page in PagesAsync(portion, progress, ct))
        {
            IReadOnlyList<IEvent> wanted = portion.To is { } to ? [.. page.Where(e => e.Timestamp < to)] : page;
            if (wanted.Count > 0)
            {
                // Sums are computed at the end, over the rows that remain.
                await model.ProjectAsync(new(connection, sums: false), tables, wanted, ct);
                events += portion.From is { } from ? wanted.Count(e => e.Timestamp >= from) : wanted.Count;
            }
        }

        return new(schema, events, await FinishAsync(connection, model, tables, portion.From, ct));
    }

    private async IAsyncEnumerable<IReadOnlyList<IEvent>> PagesAsync(
        ReplayPortion portion, Action<long, long> progress, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var end = await highWaterMark.LookAsync(ct);
        if (portion.Stream is { } stream)
        {
            await foreach (var page in log.ReadStreamAsync(stream, end, ct))
            {
                yield return page;
            }

            progress(end, end);
            yield break;
        }

        for (var position = 0L; position < end;)
        {
            var page = await log.ReadAsync(position, Math.Min(end, position + ReadModelWriter.PageSize), ct);
            yield return page.Events;
            position = page.End;
            progress(position, end);
        }
    }

    /// <summary>
    /// Deletes the rows recorded before the requested part, which only served as its starting point (such as earlier balances). Then
    /// creates sums and indexes.
    /// </summary>
    private static async Task<Dictionary<string, long>> FinishAsync(
        NpgsqlConnection connection, ReadModel model, ReadTables tables, DateTimeOffset? from, CancellationToken ct)
    {
        foreach (var table in model.Tables)
        {
            if (from is { } first && table.RecordedColumn is { } column)
            {
                await ReadModelSchema.ExecuteAsync(connection, $"delete from {tables[table.Name]} where {column} < $1", first);
            }
        }

        foreach (var table in model.Tables.Where(t => t.Derivation is not null))
        {
            await ReadModelSchema.ExecuteAsync(
                connection, $"insert into {tables[table.Name]} {table.Derivation!.QueryWhere(tables, "true")}");
        }

        await ReadModelSchema.IndexAsync(connection, model, tables);
        var rows = new Dictionary<string, long>();
        foreach (var table in model.Tables)
        {
            rows[table.Name] = await connection.ScalarAsync<long>($"select count(*) from {tables[table.Name]}", [], ct, timeoutSeconds: 0);
        }

        return rows;
    }
}
