using System.Data;
using System.Text.Json;
using Banking.Platform.Following;
using JasperFx.Events;
using Npgsql;

namespace Banking.Platform.ReadModels;

/// <summary>What a comparison of the read models with the log covered and found.</summary>
/// <param name="Events">Events that were projected anew.</param>
/// <param name="Streams">How many streams they are of, by type.</param>
public sealed record VerificationResult(long Events, IReadOnlyDictionary<string, int> Streams, IReadOnlyList<Difference> Differences);

/// <param name="Events">How many it has.</param>
public readonly record struct StreamSize(Guid Id, long Events);

/// <summary>
/// Compares: the rows of streams with what their events make, and with the bank's own folds; sums with the rows they sum; and what must hold over
/// the whole bank. Each read model is looked at in a moment of its own, while everything goes on.
/// </summary>
public sealed class Verification(IEnumerable<ReadModel> models, NpgsqlDataSource source, ReadModelConnections connections, LogReader log)
{
    /// <summary>Streams that are compared in one go.</summary>
    private const int Batch = 200;

    /// <summary>Events that a stream has at most to be held in memory with others.</summary>
    private const int LargestAtOnce = 5_000;

    private static readonly TimeSpan BetweenPages = TimeSpan.FromMilliseconds(37);

    public IReadOnlyList<ReadModel> Models { get; } = [.. models];

    /// <summary>The streams after one of them, in the order of their ids.</summary>
    public Task<IReadOnlyList<StreamSize>> StreamsAsync(Guid after, int limit, CancellationToken ct) =>
        SizesAsync($"select id, version from {PlatformModule.EventSchema}.mt_streams where id > $1 order by id limit $2", ct, after, limit);

    /// <summary>The last position that a read model has reached.</summary>
    public async Task<long> EndAsync(CancellationToken ct)
    {
        await using var command = source.CreateCommand($"select coalesce(max(position), 0) from {Generation.Table} where state = '{GenerationState.Serving}'");
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>The streams of the latest events, so many of these, the latest first.</summary>
    public Task<IReadOnlyList<StreamSize>> LatestAsync(int limit, CancellationToken ct) => SizesAsync(
        $"select s.id, s.version from (select stream_id, max(seq_id) as last from (select stream_id, seq_id from {PlatformModule.EventSchema}.mt_events " +
        $"where not is_archived order by seq_id desc limit $1) e group by 1) l join {PlatformModule.EventSchema}.mt_streams s on s.id = l.stream_id order by l.last desc", ct, limit);

    private async Task<IReadOnlyList<StreamSize>> SizesAsync(string sql, CancellationToken ct, params object[] values)
    {
        await using var connection = await connections.OpenAsync(ct);
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        var sizes = new List<StreamSize>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            sizes.Add(new(reader.GetGuid(0), reader.GetInt64(1)));
        }

        return sizes;
    }

    /// <summary>Everything: all streams, all sums, the whole bank.</summary>
    /// <param name="limit">Only so many streams, from one on; null for all.</param>
    /// <param name="progress">Told how many streams are done.</param>
    public async Task<VerificationResult> RunAsync(Guid from, int? limit, Action<int> progress, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(progress);
        var (events, streams, after) = (0L, 0, from);
        var types = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var differences = new List<Difference>();
        while (limit is null || streams < limit)
        {
            Guid[] batch = [.. (await StreamsAsync(after, Math.Min(Batch, (limit ?? int.MaxValue) - streams), ct)).Select(s => s.Id)];
            if (batch.Length == 0)
            {
                break;
            }

            var large = await LargerAsync(batch, LargestAtOnce, ct);
            var (read, found) = await CompareAsync([.. batch.Except(large)], ct);
            events += read;
            differences.AddRange(found);
            foreach (var stream in large)
            {
                (read, found) = await CompareLargeAsync(stream, ct);
                events += read;
                differences.AddRange(found);
            }

            (streams, after) = (streams + batch.Length, batch[^1]);
            foreach (var (type, count) in await TypesAsync(batch, ct))
            {
                types[type] = types.GetValueOrDefault(type) + count;
            }

            progress(streams);
        }

        differences.AddRange(await StraysAsync(long.MinValue, long.MaxValue, ct));
        differences.AddRange(await SumsAsync(ct));
        differences.AddRange(await BankAsync(ct));
        return new(events, types, differences);
    }

    private async Task<IReadOnlyList<(string Type, int Count)>> TypesAsync(IReadOnlyList<Guid> streams, CancellationToken ct)
    {
        await using var command = source.CreateCommand(
            $"select coalesce(type, ''), count(*)::int from {PlatformModule.EventSchema}.mt_streams where id = any($1) group by 1");
        command.Parameters.Add(new() { Value = streams.ToArray() });
        var types = new List<(string, int)>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            types.Add((reader.GetString(0), reader.GetInt32(1)));
        }

        return types;
    }

    /// <summary>The rows of some streams in every read model; of those with more events than so many, only where they end.</summary>
    public async Task<(long Events, IReadOnlyList<Difference> Differences)> CompareAsync(IReadOnlyList<Guid> streams, int largest, CancellationToken ct)
    {
        var large = await LargerAsync(streams, largest, ct);
        var (events, differences) = await CompareAsync([.. streams.Except(large)], ct);
        var found = new List<Difference>(differences);
        foreach (var model in Models.Where(_ => large.Count > 0))
        {
            found.AddRange(await InSnapshotAsync(
                model, (snapshot, serving) => model.CompareEndsAsync(snapshot, ReadTables.Generation(model, serving.Number), [.. large], ct), ct));
        }

        return (events, found);
    }

    private async Task<IReadOnlyList<Guid>> LargerAsync(IReadOnlyList<Guid> streams, int largest, CancellationToken ct)
    {
        await using var command = source.CreateCommand($"select id from {PlatformModule.EventSchema}.mt_streams where id = any($1) and version > $2");
        command.Parameters.Add(new() { Value = streams.ToArray() });
        command.Parameters.Add(new() { Value = (long)largest });
        return await command.ReadIdsAsync(ct);
    }

    /// <summary>All rows of a stream that is too long to be held at once.</summary>
    private async Task<(long Events, IReadOnlyList<Difference> Differences)> CompareLargeAsync(Guid stream, CancellationToken ct)
    {
        var (most, differences) = (0L, new List<Difference>());
        foreach (var model in Models)
        {
            differences.AddRange(await InSnapshotAsync(model, async (snapshot, serving) =>
            {
                var (events, found) = await StreamCheck.RunAsync(
                    snapshot, model, ReadTables.Generation(model, serving.Number), stream, log.ReadStreamAsync(stream, serving.Position, ct), ct);
                most = Math.Max(most, events);
                return found;
            }, ct, byKeys: true));
        }

        return (most, differences);
    }

    /// <summary>All rows of some streams in every read model.</summary>
    public async Task<(long Events, IReadOnlyList<Difference> Differences)> CompareAsync(IReadOnlyList<Guid> streams, CancellationToken ct)
    {
        var events = await log.ReadStreamsAsync(streams, long.MaxValue, ct);
        var differences = new List<Difference>();
        foreach (var model in Models)
        {
            differences.AddRange(await InSnapshotAsync(model, async (snapshot, serving) =>
            {
                var inIt = streams.ToDictionary(
                    s => s, s => (IReadOnlyList<IEvent>)[.. events.GetValueOrDefault(s, []).Where(e => e.Sequence <= serving.Position)]);
                return await StreamCheck.RunAsync(snapshot, model, ReadTables.Generation(model, serving.Number), inIt, ct);
            }, ct, byKeys: true));
        }

        return (events.Values.Sum(e => (long)e.Count), differences);
    }

    /// <summary>Rows between two positions that are of no event.</summary>
    public async Task<IReadOnlyList<Difference>> StraysAsync(long after, long upTo, CancellationToken ct)
    {
        var strays = new List<Difference>();
        foreach (var model in Models)
        {
            strays.AddRange(await InSnapshotAsync(
                model, (snapshot, serving) => Comparison.StraysAsync(snapshot, model, ReadTables.Generation(model, serving.Number), after, upTo, ct), ct,
                // A stretch is looked up; the whole log is read.
                byKeys: after > long.MinValue || upTo < long.MaxValue));
        }

        return strays;
    }

    /// <summary>All sums, made anew from all that they sum.</summary>
    public async Task<IReadOnlyList<Difference>> SumsAsync(CancellationToken ct)
    {
        var differences = new List<Difference>();
        foreach (var model in Models)
        {
            differences.AddRange(await InSnapshotAsync(
                model, (snapshot, serving) => Comparison.OfSumsAsync(snapshot, model, ReadTables.Generation(model, serving.Number), null, ct), ct));
        }

        return differences;
    }

    /// <summary>
    /// The sums that a tracker follows, as far as it gets in a time. What seems to differ is added up once more from the beginning: the tracker may have seen rows that
    /// another host has repaired since.
    /// </summary>
    public async Task<IReadOnlyList<Difference>> SumsAsync(ReadModel model, SumTracker tracker, TimeSpan atMost, TimeProvider clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(tracker);
        var isFresh = tracker.IsFresh;
        if (await FollowAsync(model, tracker, atMost, clock, ct) is var found && (found.Count == 0 || isFresh))
        {
            return found;
        }

        tracker.Forget();
        return await FollowAsync(model, tracker, atMost, clock, ct);
    }

    private async Task<IReadOnlyList<Difference>> FollowAsync(ReadModel model, SumTracker tracker, TimeSpan atMost, TimeProvider clock, CancellationToken ct) =>
        await tracker.FollowAsync(connections, atMost, clock, ct)
            // What has come since is a stretch of positions, and looked up.
            ? await InSnapshotAsync(model, (snapshot, now) => tracker.CompareAsync(snapshot, now, ct), ct, byKeys: true)
            : [];

    /// <summary>What must hold over the whole bank: within each model, and between those that say what customers own.</summary>
    public async Task<IReadOnlyList<Difference>> BankAsync(CancellationToken ct)
    {
        var differences = new List<Difference>();
        foreach (var model in Models)
        {
            differences.AddRange(await InSnapshotAsync(
                model, (snapshot, serving) => model.InvariantsAsync(snapshot, ReadTables.Generation(model, serving.Number), ct), ct, byKeys: true));
        }

        differences.AddRange(await TotalsAsync(ct));
        return differences;
    }

    /// <summary>
    /// The totals are compared in a moment in which the models hold the same events. Under load they do between two pages; where they never do,
    /// because one is paused, there is nothing to compare.
    /// </summary>
    private async Task<IReadOnlyList<Difference>> TotalsAsync(CancellationToken ct)
    {
        for (var attempt = 0; attempt < 50; attempt++)
        {
            await using var connection = await source.OpenConnectionAsync(ct);
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
            var asked = new List<(string Model, long Position, string Query)>();
            foreach (var model in Models)
            {
                if (await Generation.ServingAsync(connection, model.Name, locked: false, ct) is { } serving
                    && model.CustomerTotals(ReadTables.Generation(model, serving.Number)) is { } query)
                {
                    asked.Add((model.Name, serving.Position, query));
                }
            }

            // Before anything is added up: where they hold different events there is nothing to be learnt from it.
            if (asked.DistinctBy(a => a.Position).Count() <= 1)
            {
                return await TotalsAsync(connection, [.. asked.Select(a => (a.Model, a.Query))], ct);
            }

            await Task.Delay(BetweenPages, ct);
        }

        return [];
    }

    private static async Task<IReadOnlyList<Difference>> TotalsAsync(
        NpgsqlConnection snapshot, IReadOnlyList<(string Model, string Query)> asked, CancellationToken ct)
    {
        var totals = new List<(string Model, string Totals)>();
        foreach (var (model, query) in asked)
        {
            totals.Add((model, JsonSerializer.Serialize(await ReadModel.SumsByCurrencyAsync(snapshot, query, ct), ApiJson.Options)));
        }

        return [.. totals.Skip(1).Where(t => t.Totals != totals[0].Totals).Select(t => new Difference(t.Model, "totals", null, totals[0].Totals, t.Totals))];
    }

    /// <summary>
    /// Looks at the serving generation in one moment, as far as it is. One that another version of this bank writes is not looked at: that it stands still is told
    /// elsewhere.
    /// </summary>
    /// <param name="byKeys">Over a connection that finds rows by their keys, whatever is known of the size of tables; else over one that may read them whole.</param>
    private async Task<IReadOnlyList<Difference>> InSnapshotAsync(
        ReadModel model, Func<NpgsqlConnection, Generation, Task<IReadOnlyList<Difference>>> look, CancellationToken ct, bool byKeys = false)
    {
        await using var connection = byKeys ? await connections.OpenAsync(ct) : await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        return await Generation.ServingAsync(connection, model.Name, locked: false, ct) is { } serving && serving.ModelVersion == model.Version
            ? await look(connection, serving)
            : [];
    }
}
