using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using JasperFx.Events;
using Npgsql;

namespace Banking.ReadModels.Replaying;

/// <summary>Which part of the log.</summary>
/// <param name="Stream">Only this stream; null for all.</param>
/// <param name="From">Only what was recorded from this instant on …</param>
/// <param name="To">… and before this one.</param>
public sealed record ReplayPortion(Guid? Stream, DateTimeOffset? From, DateTimeOffset? To);

/// <summary>What a replay made.</summary>
/// <param name="Rows">Rows by table.</param>
public sealed record ReplayResult(string Schema, long Events, IReadOnlyDictionary<string, long> Rows);

/// <summary>
/// Projects a portion of the log into tables in a schema of their own: to see how a figure came to be, or what a new model would say.
/// Nothing reads them but whoever asked, and nothing leaves the bank.
/// </summary>
public sealed class Replay(ReadModelConnections connections, LogReader log, HighWaterMark mark)
{
    private const string Prefix = "scratch_";

    /// <summary>Whether a schema may be made and dropped by replays.</summary>
    public static bool IsScratch(string? schema) => schema is { Length: > 8 and <= 60 }
        && schema.StartsWith(Prefix, StringComparison.Ordinal)
        && schema.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '_');

    /// <param name="schema">Dropped with all that is in it, and made anew.</param>
    /// <param name="progress">Told the position that is done, and the end.</param>
    public async Task<ReplayResult> RunAsync(
        ReadModel model, string schema, ReplayPortion portion, Action<long, long> progress, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(portion);
        ArgumentNullException.ThrowIfNull(progress);
        if (!IsScratch(schema))
        {
            throw new ArgumentException($"A scratch schema is named {Prefix} and lower-case letters, digits and _.", nameof(schema));
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
                // Sums are made at the end, of the rows that stay.
                await model.ProjectAsync(new(connection, sums: false), tables, wanted, ct);
                events += portion.From is { } from ? wanted.Count(e => e.Timestamp >= from) : wanted.Count;
            }
        }

        return new(schema, events, await FinishAsync(connection, model, tables, portion.From, ct));
    }

    private async IAsyncEnumerable<IReadOnlyList<IEvent>> PagesAsync(
        ReplayPortion portion, Action<long, long> progress, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        var end = await mark.LookAsync(ct);
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
    /// Rows from before the portion go: they were needed to begin with (a balance goes on from the one before). Then sums and indexes are
    /// made.
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
            await ReadModelSchema.ExecuteAsync(connection, $"insert into {tables[table.Name]} {table.Derivation!.Of(tables, "true")}");
        }

        await ReadModelSchema.IndexAsync(connection, model, tables);
        var rows = new Dictionary<string, long>();
        foreach (var table in model.Tables)
        {
            await using var command = new NpgsqlCommand($"select count(*) from {tables[table.Name]}", connection) { CommandTimeout = 0 };
            rows[table.Name] = (long)(await command.ExecuteScalarAsync(ct))!;
        }

        return rows;
    }
}
