using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Npgsql;

namespace Banking.ReadModels.Verifying;

/// <summary>What a comparison of the read models with the log covered and found.</summary>
/// <param name="Events">Events that were projected anew.</param>
/// <param name="Streams">How many streams they are of, by type.</param>
public sealed record VerificationResult(long Events, IReadOnlyDictionary<string, int> Streams, IReadOnlyList<Difference> Differences);

/// <summary>
/// Compares the log with itself and with all that follows from it: stored states, receipts and refusals; the rows of read models with what
/// the events make; sums with the rows they sum; and what must hold over the whole bank. Each comparison sees one moment, while commands go
/// on.
/// </summary>
public sealed class Verification(
    IEnumerable<ReadModel> models,
    IEnumerable<StoredComparison> stored,
    StreamVerification comparing,
    StreamSizes sizes,
    BankTotals totals,
    Snapshots snapshots,
    NpgsqlDataSource source,
    ReadModelConnections connections,
    LogReader log)
{
    /// <summary>Rows that are found by ids of their own and compared in one go.</summary>
    private const int RowsAtOnce = 5_000;

    /// <summary>Streams that are compared in one go.</summary>
    private const int Batch = 200;

    /// <summary>Events that a stream has at most to be held in memory with others.</summary>
    private const int LargestAtOnce = 5_000;

    public IReadOnlyList<ReadModel> Models { get; } = [.. models];

    /// <inheritdoc cref="StreamSizes.AfterAsync"/>
    public Task<IReadOnlyList<StreamSize>> StreamsAsync(Guid after, int limit, CancellationToken ct) => sizes.AfterAsync(after, limit, ct);

    /// <inheritdoc cref="StreamSizes.LatestAsync"/>
    public Task<IReadOnlyList<StreamSize>> LatestAsync(int limit, CancellationToken ct) => sizes.LatestAsync(limit, ct);

    /// <summary>The last position before the next event after one.</summary>
    internal Task<long> PassAsync(long after, long upTo, CancellationToken ct) => log.PassAsync(after, upTo, ct);

    /// <summary>The last position that a read model has reached.</summary>
    public async Task<long> EndAsync(CancellationToken ct)
    {
        await using var command = source.CreateCommand(
            $"select coalesce(max(position), 0) from {Generation.Table} where state = '{GenerationState.Serving}'");
        return (long)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>
    /// Everything: all streams, all sums, the whole bank. What cannot be compared is a difference, and the rest is compared.
    /// </summary>
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
            Guid[] batch = [.. (await sizes.AfterAsync(after, Math.Min(Batch, (limit ?? int.MaxValue) - streams), ct)).Select(s => s.Id)];
            // Behind the last stream, events and documents may be left that belong to none.
            var selection = StreamSelection.Between(after, batch.Length > 0 ? batch[^1] : Guid.AllBitsSet);
            var large = await sizes.LargerAsync(batch, LargestAtOnce, ct);
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
            foreach (var (type, count) in await sizes.TypesAsync(batch, ct))
            {
                types[type] = types.GetValueOrDefault(type) + count;
            }

            progress(streams);
        }

        differences.AddRange(await OrphanRowsAsync(long.MinValue, long.MaxValue, ct));
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

    /// <summary>Some streams; of those with more events than so many, only where they end.</summary>
    /// <param name="selection">The same streams, and whatever else is stored under ids of the same range.</param>
    public async Task<(long Events, IReadOnlyList<Difference> Differences)> CompareAsync(
        StreamSelection selection, IReadOnlyList<Guid> streams, int largest, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(selection);
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

    /// <summary>Rows between two positions that are of no event.</summary>
    public async Task<IReadOnlyList<Difference>> OrphanRowsAsync(long after, long upTo, CancellationToken ct)
    {
        var strays = new List<Difference>();
        foreach (var model in Models)
        {
            strays.AddRange(await Parts.RunAsync(model.Name, "rows", null, () => snapshots.OfAsync(
                        model,
                        (snapshot, serving) =>
                            Comparison.OrphanRowsAsync(snapshot, model, ReadTables.Generation(model, serving.Number), after, upTo, ct),
                        // A stretch is looked up; the whole log is read.
                        byKeys: after > long.MinValue || upTo < long.MaxValue,
                        ct)));
        }

        return strays;
    }

    /// <summary>All sums, made anew from all that they sum.</summary>
    public async Task<IReadOnlyList<Difference>> SumsAsync(CancellationToken ct)
    {
        var differences = new List<Difference>();
        foreach (var model in Models)
        {
            differences.AddRange(
                await Parts.RunAsync(model.Name, "sums", null, () =>
                    snapshots.OfAsync(
                        model,
                        (snapshot, serving) =>
                            Comparison.OfSumsAsync(snapshot, model, ReadTables.Generation(model, serving.Number), null, ct),
                        byKeys: false,
                        ct)));
        }

        return differences;
    }

    /// <summary>
    /// The sums that a tracker follows, as far as it gets in a time. What seems to differ is added up once more from the beginning: the
    /// tracker may have seen rows that were repaired since.
    /// </summary>
    /// <returns>Null where it did not get to the end.</returns>
    public async Task<IReadOnlyList<Difference>?> SumsAsync(
        ReadModel model, SumTracker tracker, TimeSpan atMost, TimeProvider clock, CancellationToken ct)
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

    private async Task<IReadOnlyList<Difference>?> FollowAsync(
        ReadModel model, SumTracker tracker, TimeSpan atMost, TimeProvider clock, CancellationToken ct) =>
        await tracker.FollowAsync(connections, atMost, clock, ct)
            // What has come since is a stretch of positions, and looked up.
            ? await snapshots.OfAsync(model, (snapshot, now) => tracker.CompareAsync(snapshot, now, ct), byKeys: true, ct)
            : null;

    /// <summary>
    /// What must hold over the whole bank: within each model, between those that say what customers own, and what only the whole bank
    /// shows.
    /// </summary>
    public async Task<IReadOnlyList<Difference>> BankAsync(CancellationToken ct)
    {
        var differences = new List<Difference>();
        foreach (var model in Models)
        {
            differences.AddRange(
                await Parts.RunAsync(model.Name, "invariants", null, () =>
                    snapshots.OfAsync(
                        model,
                        (snapshot, serving) => model.InvariantsAsync(snapshot, ReadTables.Generation(model, serving.Number), ct),
                        byKeys: true,
                        ct)));
        }

        foreach (var comparison in stored)
        {
            differences.AddRange(await Parts.RunAsync(
                comparison.Name, "bank", null, () => snapshots.InAsync(s => comparison.OfBankAsync(s, ct), byKeys: false, ct)));
        }

        differences.AddRange(await Parts.RunAsync("bank", "totals", null, () => totals.CompareAsync(ct)));
        differences.AddRange(await totals.ProgressAsync(ct));
        return differences;
    }
}
