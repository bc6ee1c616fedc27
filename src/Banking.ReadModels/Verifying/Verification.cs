using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Npgsql;

namespace Banking.ReadModels.Verifying;

/// <summary>The result of comparing the bank with its log.</summary>
/// <param name="Events">Number of events of the compared streams.</param>
/// <param name="Streams">Number of the compared streams, by type.</param>
public sealed record VerificationResult(long Events, IReadOnlyDictionary<string, int> Streams, IReadOnlyList<Difference> Differences);

/// <summary>
/// Compares the log with itself and with the data derived from it: stored states, receipts, refusals, rows of read models, sums, and the
/// invariants of the whole bank. Each comparison uses one snapshot, while commands continue.
/// </summary>
public sealed class Verification(
    IEnumerable<ReadModel> models,
    IEnumerable<StoredComparison> stored,
    StreamVerification comparing,
    StreamSizes sizes,
    BankTotals totals,
    Snapshots snapshots,
    NpgsqlDataSource source,
    ReadModelConnections connections)
{
    /// <summary>Rows per comparison of data that is found by its own ids.</summary>
    private const int RowBatchSize = 5_000;

    /// <summary>Streams per comparison.</summary>
    private const int StreamBatchSize = 200;

    public IReadOnlyList<ReadModel> Models { get; } = [.. models];

    /// <summary>Reads the highest position of the active read models.</summary>
    public Task<long> EndAsync(CancellationToken ct) => source.ScalarAsync<long>(
        $"select coalesce(max(position), 0) from {Generation.Table} where state = '{GenerationState.Active}'", [], ct);

    /// <summary>
    /// Compares everything: all streams, all sums, the whole bank. A part that cannot be compared is a difference; the other parts are
    /// still compared.
    /// </summary>
    /// <param name="limit">
    /// Maximum number of streams after <paramref name="from"/>; null for all, and for what only a full verification compares.
    /// </param>
    /// <param name="progress">Receives the number of compared streams.</param>
    public async Task<VerificationResult> RunAsync(Guid from, int? limit, Action<int> progress, CancellationToken ct)
    {
        var (events, streams, after) = (0L, 0, from);
        var types = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var differences = new List<Difference>();
        while (limit is null || streams < limit)
        {
            var size = Math.Min(StreamBatchSize, (limit ?? int.MaxValue) - streams);
            var next = await sizes.AfterAsync(after, size, ct);
            Guid[] batch = [.. next.Select(s => s.Id)];
            // After the last stream, the range up to the end may hold events and documents without a stream.
            var selection = StreamSelection.Between(after, batch.Length > 0 ? batch[^1] : Guid.AllBitsSet);
            var large = next.Where(s => s.Events > StreamSizes.MaxInMemory).ToList();
            var (read, found) = await comparing.CompareAsync(selection, [.. batch.Except(large.Select(s => s.Id))], ct);
            events += read + large.Sum(s => s.Events);
            differences.AddRange(found);
            foreach (var stream in large)
            {
                differences.AddRange(await comparing.CompareLongAsync(stream.Id, ct));
            }

            if (batch.Length == 0)
            {
                break;
            }

            (streams, after) = (streams + batch.Length, batch[^1]);
            foreach (var (type, count) in await sizes.TypesAsync(batch, ct))
            {
                types[type] = types.GetValueOrDefault(type) + count;
            }

            progress(streams);
        }

        differences.AddRange(await FindOrphanRowsAsync(long.MinValue, long.MaxValue, ct));
        differences.AddRange(await SumsAsync(ct));
        differences.AddRange(await OfIdsAsync(ct));
        differences.AddRange(await BankAsync(ct));
        foreach (var comparison in stored.Where(_ => limit is null))
        {
            differences.AddRange(await Parts.RunAsync(comparison.Name, "content", null, () => comparison.InDepthAsync(ct)));
        }

        return new(events, types, [.. differences.Distinct()]);
    }

    /// <summary>Compares all data that is found by its own ids, one range of ids at a time.</summary>
    private async Task<IReadOnlyList<Difference>> OfIdsAsync(CancellationToken ct)
    {
        var (differences, shares) = (new List<Difference>(), await IdShares.CountAsync(source, RowBatchSize, ct));
        for (var share = 0; share < shares; share++)
        {
            differences.AddRange(await OfIdsAsync(IdShares.Of(share, shares), ct));
        }

        return differences;
    }

    /// <summary>Compares the data that is found by its own ids, for some of these ids.</summary>
    public Task<IReadOnlyList<Difference>> OfIdsAsync(StreamSelection ids, CancellationToken ct) =>
        snapshots.OfEachAsync(stored, "ids", (snapshot, comparison) => comparison.OfIdsAsync(snapshot, ids, ct), byKeys: true, ct);

    /// <summary>Compares some streams. Of a stream longer than a limit it compares only the last events.</summary>
    /// <param name="selection">The same streams, and other data with ids in the same range.</param>
    /// <param name="largest">The limit, in events.</param>
    public async Task<(long Events, IReadOnlyList<Difference> Differences)> CompareAsync(
        StreamSelection selection, IReadOnlyList<Guid> streams, int largest, CancellationToken ct)
    {
        var large = await sizes.LargerAsync(streams, largest, ct);
        var (events, differences) = (0L, new List<Difference>());
        foreach (var part in selection.Without(large))
        {
            var (read, found) = await comparing.CompareAsync(part, part.Among(streams), ct);
            events += read;
            differences.AddRange(found);
        }

        foreach (var stream in large)
        {
            differences.AddRange((await comparing.CompareAsync(await sizes.EndOfAsync(stream, ct), [], ct)).Differences);
        }

        return (events, [.. differences, .. await comparing.CompareEndsAsync([.. large], ct)]);
    }

    /// <summary>Finds orphan rows between two positions.</summary>
    public Task<IReadOnlyList<Difference>> FindOrphanRowsAsync(long after, long upTo, CancellationToken ct) => snapshots.OfEachAsync(
        Models,
        "rows",
        (snapshot, model, active) =>
            Comparison.FindOrphanRowsAsync(snapshot, model, ReadTables.Generation(model, active.Number), after, upTo, ct),
        // A range of positions is looked up by key; the whole log is scanned.
        byKeys: after > long.MinValue || upTo < long.MaxValue,
        ct);

    /// <summary>Compares all sums with the rows that they sum.</summary>
    public Task<IReadOnlyList<Difference>> SumsAsync(CancellationToken ct) => snapshots.OfEachAsync(
        Models,
        "sums",
        (snapshot, model, active) =>
            Comparison.CompareSumsAsync(snapshot, model, ReadTables.Generation(model, active.Number), null, ct),
        byKeys: false,
        ct);

    /// <summary>Compares sums by chunk: those of the newest chunk, of the next one in turn, and of some others.</summary>
    /// <param name="turn">A number that rises with each run.</param>
    public Task<IReadOnlyList<Difference>> ChunksAsync(
        ReadModel model, ReadTable table, long turn, IEnumerable<long> others, CancellationToken ct) =>
        snapshots.OfAsync(
            model,
            (snapshot, active) =>
            {
                var newest = active.Position / table.Derivation!.ChunkPositions;
                return Comparison.CompareChunksAsync(
                    snapshot, model, table, ReadTables.Generation(model, active.Number),
                    others.Append(newest).Append(turn % (newest + 1)).Distinct(), ct);
            },
            byKeys: true,
            ct);

    /// <summary>
    /// Compares the sums of a tracker, within a time limit. Sums that seem to differ are computed again from the first row: the tracker may
    /// have added rows that were repaired since.
    /// </summary>
    /// <returns>The differences; null if the time limit was reached.</returns>
    public async Task<IReadOnlyList<Difference>?> SumsAsync(
        ReadModel model, SumTracker tracker, TimeSpan maxDuration, TimeProvider clock, CancellationToken ct)
    {
        var isFresh = tracker.IsFresh;
        var found = await CompareAsync(model, tracker, maxDuration, clock, ct);
        if (found is null or { Count: 0 } || isFresh)
        {
            return found;
        }

        tracker.Reset();
        return await CompareAsync(model, tracker, maxDuration, clock, ct);
    }

    private async Task<IReadOnlyList<Difference>?> CompareAsync(
        ReadModel model, SumTracker tracker, TimeSpan maxDuration, TimeProvider clock, CancellationToken ct) =>
        await tracker.CatchUpAsync(connections, maxDuration, clock, ct)
            // The remaining rows are a range of positions: look them up by key.
            ? await snapshots.OfAsync(model, (snapshot, now) => tracker.CompareAsync(snapshot, now, ct), byKeys: true, ct)
            : null;

    /// <summary>
    /// Checks the invariants of the whole bank: within each model, between the models with customers' totals, and those of the whole bank.
    /// </summary>
    public async Task<IReadOnlyList<Difference>> BankAsync(CancellationToken ct) =>
    [
        .. await snapshots.OfEachAsync(
            Models,
            "invariants",
            (snapshot, model, active) => model.InvariantsAsync(snapshot, ReadTables.Generation(model, active.Number), ct),
            byKeys: true,
            ct),
        .. await snapshots.OfEachAsync(
            stored, "bank", (snapshot, comparison) => comparison.OfBankAsync(snapshot, ct), byKeys: false, ct),
        .. await Parts.RunAsync("bank", "totals", null, async () => await totals.CompareAsync(ct) ?? []),
        .. await totals.ProgressAsync(ct),
    ];
}
