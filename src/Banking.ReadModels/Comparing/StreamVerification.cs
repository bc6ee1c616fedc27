using Banking.EventStore.Log;
using Banking.ReadModels.Books;
using JasperFx.Events;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>
/// Compares streams with all data derived from them: the log with itself, stored states, receipts and refusals with the log, and the rows
/// of every read model. A stream that cannot be compared is a difference, and the other streams are still compared.
/// </summary>
public sealed class StreamVerification(
    IEnumerable<ReadModel> models, IEnumerable<StoredComparison> stored, Snapshots snapshots, LogReader log)
{
    private const string Events = "events";

    private readonly IReadOnlyList<ReadModel> _models = [.. models];
    private readonly IReadOnlyList<StoredComparison> _stored = [.. stored];

    /// <summary>Compares some streams.</summary>
    /// <param name="selection">The same streams, and other data with ids in the same range.</param>
    /// <param name="existing">Streams of the selection that exist and are short enough to hold in memory together.</param>
    /// <returns>The number of their events, and the differences.</returns>
    public async Task<(long Events, IReadOnlyList<Difference> Differences)> CompareAsync(
        StreamSelection selection, Guid[] existing, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(existing);
        try
        {
            return await snapshots.InAsync(snapshot => CompareTogetherAsync(snapshot, selection, existing, ct), byKeys: true, ct);
        }
        catch (Exception failure) when (ReadModelWriter.IsDataFailure(failure))
        {
            return await CompareInPartsAsync(selection, existing, ct);
        }
    }

    /// <summary>Compares a stream that is too long to hold in memory.</summary>
    public async Task<(long Events, IReadOnlyList<Difference> Differences)> CompareLongAsync(Guid stream, CancellationToken ct)
    {
        var (maxEvents, differences) = (0L, new List<Difference>());
        foreach (var comparison in _stored)
        {
            differences.AddRange(
                await Parts.RunAsync(comparison.Name, Events, stream, () =>
                    snapshots.InAsync(s => comparison.OfLongStreamAsync(s, stream, ct), byKeys: true, ct)));
        }

        foreach (var model in _models)
        {
            differences.AddRange(await Parts.RunAsync(model.Name, Events, stream, () => snapshots.OfAsync(
                        model,
                        async (snapshot, active) =>
                        {
                            var (events, found) = await StreamCheck.RunAsync(
                                snapshot,
                                model,
                                ReadTables.Generation(model, active.Number),
                                stream,
                                log.ReadStreamAsync(stream, active.Position, ct),
                                ct);
                            maxEvents = Math.Max(maxEvents, events);
                            return found;
                        },
                        byKeys: true,
                        ct)));
        }

        return (maxEvents, differences);
    }

    /// <summary>Compares only the last rows of streams that are too long for a row by row comparison.</summary>
    public async Task<IReadOnlyList<Difference>> CompareEndsAsync(Guid[] streams, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(streams);
        var found = new List<Difference>();
        foreach (var model in _models.Where(_ => streams.Length > 0))
        {
            found.AddRange(
                await Parts.RunAsync(model.Name, Events, null, () =>
                    snapshots.OfAsync(
                        model,
                        (snapshot, active) => model.CompareEndsAsync(snapshot, ReadTables.Generation(model, active.Number), streams, ct),
                        byKeys: true,
                        ct)));
        }

        return found;
    }

    /// <summary>Compares in one snapshot, so that all data is compared with the same events.</summary>
    private async Task<(long Events, IReadOnlyList<Difference> Differences)> CompareTogetherAsync(
        NpgsqlConnection snapshot, StreamSelection selection, Guid[] existing, CancellationToken ct)
    {
        var (events, unreadable) = await log.ReadStreamsAsync(snapshot, existing, ct);
        var readable = events.Where(s => !unreadable.ContainsKey(s.Key)).ToDictionary(s => s.Key, s => s.Value);
        var differences = unreadable.Select(u => Unreadable(u.Key, u.Value)).ToList();
        foreach (var comparison in _stored)
        {
            differences.AddRange(await comparison.OfStreamsAsync(snapshot, selection, readable, ct));
        }

        foreach (var model in _models)
        {
            differences.AddRange(await RowsAsync(snapshot, model, readable, ct));
        }

        return (events.Values.Sum(e => (long)e.Count), differences);
    }

    private static async Task<IReadOnlyList<Difference>> RowsAsync(
        NpgsqlConnection snapshot, ReadModel model, Dictionary<Guid, IReadOnlyList<IEvent>> streams, CancellationToken ct)
    {
        if (streams.Count == 0 || await Snapshots.ActiveAsync(snapshot, model, ct) is not { } active)
        {
            return [];
        }

        var projected = streams.ToDictionary(
            s => s.Key, s => (IReadOnlyList<IEvent>)[.. s.Value.Where(e => e.Sequence <= active.Position)]);
        return await StreamCheck.RunAsync(snapshot, model, ReadTables.Generation(model, active.Number), projected, ct);
    }

    /// <summary>
    /// Finds the data that cannot be compared by bisection, reports it, and compares everything else.
    /// </summary>
    private async Task<(long Events, IReadOnlyList<Difference> Differences)> CompareInPartsAsync(
        StreamSelection selection, Guid[] existing, CancellationToken ct)
    {
        var differences = new List<Difference>();
        var events = 0L;
        if (existing.Length > 1)
        {
            foreach (var half in existing.Chunk((existing.Length + 1) / 2))
            {
                var (read, found) = await CompareAsync(StreamSelection.Of(half), half, ct);
                events += read;
                differences.AddRange(found);
            }

            // Other data in the range, without the differences of these streams, which are reported already.
            var others = await CompareOneByOneAsync(selection, [], null, ct);
            differences.AddRange(others.Where(d => d.Stream is not { } s || !existing.Contains(s)));
            return (events, differences);
        }

        return (events, await CompareOneByOneAsync(selection, existing, existing.Length == 1 ? existing[0] : null, ct));
    }

    /// <summary>Runs each comparison in its own snapshot, so that a failure does not end the others.</summary>
    private async Task<IReadOnlyList<Difference>> CompareOneByOneAsync(
        StreamSelection selection, Guid[] existing, Guid? stream, CancellationToken ct)
    {
        var differences = new List<Difference>();
        async Task AddAsync(
            string name,
            Func<NpgsqlConnection, Dictionary<Guid, IReadOnlyList<IEvent>>, Task<IReadOnlyList<Difference>>> compare
        ) => differences.AddRange(await Parts.RunAsync(name, Events, stream, () => snapshots.InAsync(
                        async snapshot =>
                        {
                            var (events, unreadable) = await log.ReadStreamsAsync(snapshot, existing, ct);
                            return await compare(
                                snapshot, events.Where(s => !unreadable.ContainsKey(s.Key)).ToDictionary(s => s.Key, s => s.Value));
                        },
                        byKeys: true,
                        ct)));

        differences.AddRange(
            await snapshots.InAsync(
                async snapshot =>
                    (await log.ReadStreamsAsync(snapshot, existing, ct)).Unreadable.Select(u => Unreadable(u.Key, u.Value)).ToList(),
                byKeys: true,
                ct));
        foreach (var comparison in _stored)
        {
            await AddAsync(comparison.Name, (snapshot, events) => comparison.OfStreamsAsync(snapshot, selection, events, ct));
        }

        foreach (var model in _models)
        {
            await AddAsync(model.Name, (snapshot, events) => RowsAsync(snapshot, model, events, ct));
        }

        return differences;
    }

    private static Difference Unreadable(Guid stream, UnreadableEventException failure) =>
        new(StreamComparison.LogName, StreamComparison.Event, stream, "\"an event that can be read\"", failure.Message);
}
