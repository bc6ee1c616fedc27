using System.Globalization;
using System.Text.Json;
using Banking.Platform.Comparing;
using Banking.Platform.Following;
using Npgsql;

namespace Banking.Platform.ReadModels;

/// <summary>What a comparison of the read models with the log covered and found.</summary>
/// <param name="Events">Events that were projected anew.</param>
/// <param name="Streams">How many streams they are of, by type.</param>
public sealed record VerificationResult(long Events, IReadOnlyDictionary<string, int> Streams, IReadOnlyList<Difference> Differences);

/// <param name="Events">How many it has.</param>
public readonly record struct StreamSize(Guid Id, long Events);

/// <summary>
/// Compares the log with itself and with all that follows from it: stored states, receipts and refusals; the rows of read models with what the events
/// make; sums with the rows they sum; and what must hold over the whole bank. Each comparison sees one moment, while commands go on.
/// </summary>
public sealed class Verification(
    IEnumerable<ReadModel> models, IEnumerable<StoredComparison> stored, StreamVerification comparing, Snapshots snapshots, NpgsqlDataSource source,
    ReadModelConnections connections, LogReader log)
{
    /// <summary>Rows that are found by ids of their own and compared in one go.</summary>
    private const int RowsAtOnce = 5_000;

    /// <summary>Streams that are compared in one go.</summary>
    private const int Batch = 200;

    /// <summary>Events that a stream has at most to be held in memory with others.</summary>
    private const int LargestAtOnce = 5_000;

    /// <summary>Events that are compared of a stream that is too long to be compared in passing: its last.</summary>
    internal const int LastOfLong = 500;

    private static readonly TimeSpan BetweenPages = TimeSpan.FromMilliseconds(37);

    public IReadOnlyList<ReadModel> Models { get; } = [.. models];

    /// <summary>The streams after one of them, in the order of their ids.</summary>
    public Task<IReadOnlyList<StreamSize>> StreamsAsync(Guid after, int limit, CancellationToken ct) =>
        SizesAsync($"select id, version from {PlatformModule.EventSchema}.mt_streams where id > $1 order by id limit $2", ct, after, limit);

    /// <summary>The last position before the next event after one.</summary>
    internal Task<long> PassAsync(long after, long upTo, CancellationToken ct) => log.PassAsync(after, upTo, ct);

    /// <summary>The last position that a read model has reached.</summary>
    public async Task<long> EndAsync(CancellationToken ct)
    {
        await using var command = source.CreateCommand($"select coalesce(max(position), 0) from {Generation.Table} where state = '{GenerationState.Serving}'");
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>The streams of the latest events, so many of these, the latest first.</summary>
    public Task<IReadOnlyList<StreamSize>> LatestAsync(int limit, CancellationToken ct) => SizesAsync(
        $"select l.stream_id, coalesce(s.version, 1) from (select stream_id, max(seq_id) as last from (select stream_id, seq_id from {PlatformModule.EventSchema}.mt_events " +
        $"order by seq_id desc limit $1) e group by 1) l left join {PlatformModule.EventSchema}.mt_streams s on s.id = l.stream_id order by l.last desc", ct, limit);

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

    /// <summary>Everything: all streams, all sums, the whole bank. What cannot be compared is a difference, and the rest is compared.</summary>
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
            // Behind the last stream, events and documents may be left that belong to none.
            var selection = StreamSelection.Between(after, batch.Length > 0 ? batch[^1] : Guid.AllBitsSet);
            var large = await LargerAsync(batch, LargestAtOnce, ct);
            var (read, found) = await comparing.CompareAsync(selection, [.. batch.Except(large)], ct);
            events += read;
            differences.AddRange(found);
            foreach (var stream in large)
            {
                (read, found) = await comparing.CompareLongAsync(stream, ct);
                events += read;
                differences.AddRange(found);
            }

            if (batch.Length == 0)
            {
                break;
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
        differences.AddRange(await OfIdsAsync(ct));
        differences.AddRange(await BankAsync(ct));
        return new(events, types, [.. differences.Distinct()]);
    }

    /// <summary>All that is found by ids of its own, a share of the ids at a time.</summary>
    private async Task<IReadOnlyList<Difference>> OfIdsAsync(CancellationToken ct)
    {
        var (differences, shares) = (new List<Difference>(), await IdShares.CountAsync(source, RowsAtOnce, ct));
        for (var share = 0; share < shares; share++)
        {
            differences.AddRange(await OfIdsAsync(IdShares.Of(share, shares), ct));
        }

        return differences;
    }

    /// <summary>What is found by ids of its own, of some of these ids.</summary>
    public async Task<IReadOnlyList<Difference>> OfIdsAsync(StreamSelection ids, CancellationToken ct)
    {
        var differences = new List<Difference>();
        foreach (var comparison in stored)
        {
            differences.AddRange(await Parts.RunAsync(
                comparison.Name, "ids", null, () => snapshots.InAsync(s => comparison.OfIdsAsync(s, ids, ct), byKeys: true, ct)));
        }

        return differences;
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

    /// <summary>Some streams; of those with more events than so many, only where they end.</summary>
    /// <param name="selection">The same streams, and whatever else is stored under ids of the same range.</param>
    public async Task<(long Events, IReadOnlyList<Difference> Differences)> CompareAsync(
        StreamSelection selection, IReadOnlyList<Guid> streams, int largest, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(selection);
        var large = await LargerAsync(streams, largest, ct);
        var (events, differences) = (0L, new List<Difference>());
        foreach (var part in selection.Without(large))
        {
            var (read, found) = await comparing.CompareAsync(part, part.Among(streams), ct);
            events += read;
            differences.AddRange(found);
        }

        foreach (var stream in large)
        {
            differences.AddRange((await comparing.CompareAsync(await EndAsync(stream, ct), [], ct)).Differences);
        }

        return (events, [.. differences, .. await comparing.CompareEndsAsync([.. large], ct)]);
    }

    /// <summary>The last events of a stream, whatever version its row has.</summary>
    private async Task<StreamSelection> EndAsync(Guid stream, CancellationToken ct)
    {
        await using var command = source.CreateCommand($"select coalesce(max(version), 0) from {PlatformModule.EventSchema}.mt_events where stream_id = $1");
        command.Parameters.Add(new() { Value = stream });
        return StreamSelection.EndOf(stream, Math.Max(0, (long)(await command.ExecuteScalarAsync(ct))! - LastOfLong));
    }

    private async Task<IReadOnlyList<Guid>> LargerAsync(IReadOnlyList<Guid> streams, int largest, CancellationToken ct)
    {
        await using var command = source.CreateCommand($"select id from {PlatformModule.EventSchema}.mt_streams where id = any($1) and version > $2");
        command.Parameters.Add(new() { Value = streams.ToArray() });
        command.Parameters.Add(new() { Value = (long)largest });
        return await command.ReadIdsAsync(ct);
    }

    /// <summary>Rows between two positions that are of no event.</summary>
    public async Task<IReadOnlyList<Difference>> StraysAsync(long after, long upTo, CancellationToken ct)
    {
        var strays = new List<Difference>();
        foreach (var model in Models)
        {
            strays.AddRange(await Parts.RunAsync(model.Name, "rows", null, () => snapshots.OfAsync(
                model, (snapshot, serving) => Comparison.StraysAsync(snapshot, model, ReadTables.Generation(model, serving.Number), after, upTo, ct),
                // A stretch is looked up; the whole log is read.
                byKeys: after > long.MinValue || upTo < long.MaxValue, ct)));
        }

        return strays;
    }

    /// <summary>All sums, made anew from all that they sum.</summary>
    public async Task<IReadOnlyList<Difference>> SumsAsync(CancellationToken ct)
    {
        var differences = new List<Difference>();
        foreach (var model in Models)
        {
            differences.AddRange(await Parts.RunAsync(model.Name, "sums", null, () => snapshots.OfAsync(
                model, (snapshot, serving) => Comparison.OfSumsAsync(snapshot, model, ReadTables.Generation(model, serving.Number), null, ct), byKeys: false, ct)));
        }

        return differences;
    }

    /// <summary>
    /// The sums that a tracker follows, as far as it gets in a time. What seems to differ is added up once more from the beginning: the tracker may have seen
    /// rows that were repaired since.
    /// </summary>
    /// <returns>Null where it did not get to the end.</returns>
    public async Task<IReadOnlyList<Difference>?> SumsAsync(ReadModel model, SumTracker tracker, TimeSpan atMost, TimeProvider clock, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(tracker);
        var isFresh = tracker.IsFresh;
        var found = await FollowAsync(model, tracker, atMost, clock, ct);
        if (found is null or { Count: 0 } || isFresh)
        {
            return found;
        }

        tracker.Forget();
        return await FollowAsync(model, tracker, atMost, clock, ct);
    }

    private async Task<IReadOnlyList<Difference>?> FollowAsync(ReadModel model, SumTracker tracker, TimeSpan atMost, TimeProvider clock, CancellationToken ct) =>
        await tracker.FollowAsync(connections, atMost, clock, ct)
            // What has come since is a stretch of positions, and looked up.
            ? await snapshots.OfAsync(model, (snapshot, now) => tracker.CompareAsync(snapshot, now, ct), byKeys: true, ct)
            : null;

    /// <summary>What must hold over the whole bank: within each model, between those that say what customers own, and what only the whole bank shows.</summary>
    public async Task<IReadOnlyList<Difference>> BankAsync(CancellationToken ct)
    {
        var differences = new List<Difference>();
        foreach (var model in Models)
        {
            differences.AddRange(await Parts.RunAsync(model.Name, "invariants", null, () => snapshots.OfAsync(
                model, (snapshot, serving) => model.InvariantsAsync(snapshot, ReadTables.Generation(model, serving.Number), ct), byKeys: true, ct)));
        }

        foreach (var comparison in stored)
        {
            differences.AddRange(await Parts.RunAsync(
                comparison.Name, "bank", null, () => snapshots.InAsync(s => comparison.OfBankAsync(s, ct), byKeys: false, ct)));
        }

        differences.AddRange(await Parts.RunAsync("bank", "totals", null, () => TotalsAsync(ct)));
        differences.AddRange(await ProgressAsync(ct));
        return differences;
    }

    /// <summary>A read model whose progress lies behind the end of the log would pass over the events that come next.</summary>
    private Task<IReadOnlyList<Difference>> ProgressAsync(CancellationToken ct) => snapshots.InAsync<IReadOnlyList<Difference>>(async snapshot =>
    {
        await using var command = new NpgsqlCommand(
            $"select name, position, last from {Generation.Table}, (select coalesce(max(seq_id), 0) as last from {PlatformModule.EventSchema}.mt_events) l " +
            $"where state = '{GenerationState.Serving}' and position > last order by 1", snapshot);
        await using var reader = await command.ExecuteReaderAsync(ct);
        var differences = new List<Difference>();
        while (await reader.ReadAsync(ct))
        {
            differences.Add(new(
                reader.GetString(0), "progress", null, string.Create(CultureInfo.InvariantCulture, $$"""{"atMost": {{reader.GetInt64(2)}}}"""),
                string.Create(CultureInfo.InvariantCulture, $$"""{"position": {{reader.GetInt64(1)}}}""")));
        }

        return differences;
    }, byKeys: true, ct);

    /// <summary>
    /// The totals are compared in a moment in which the models hold the same events. Under load they do between two pages; where they never do,
    /// because one is paused, there is nothing to compare.
    /// </summary>
    private async Task<IReadOnlyList<Difference>> TotalsAsync(CancellationToken ct)
    {
        for (var attempt = 0; attempt < 50; attempt++)
        {
            if (await snapshots.InAsync(snapshot => TotalsAsync(snapshot, ct), byKeys: false, ct) is { } differences)
            {
                return differences;
            }

            await Task.Delay(BetweenPages, ct);
        }

        return [];
    }

    /// <returns>Null where the models hold different events at this moment.</returns>
    private async Task<IReadOnlyList<Difference>?> TotalsAsync(NpgsqlConnection snapshot, CancellationToken ct)
    {
        var asked = new List<(string Model, long Position, string Query)>();
        foreach (var model in Models)
        {
            if (await Generation.ServingAsync(snapshot, model.Name, locked: false, ct) is { } serving
                && model.CustomerTotals(ReadTables.Generation(model, serving.Number)) is { } query)
            {
                asked.Add((model.Name, serving.Position, query));
            }
        }

        // Before anything is added up: where they hold different events there is nothing to be learnt from it.
        return asked.DistinctBy(a => a.Position).Count() > 1 ? null : await TotalsAsync(snapshot, [.. asked.Select(a => (a.Model, a.Query))], ct);
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
}
