using System.Diagnostics;
using System.Runtime.CompilerServices;
using Banking.Accounts.Simulations.Replay;
using Banking.Accounts.Simulations.Views;
using Banking.Accounts.Statements.Domain;
using Banking.Commands;
using Banking.Commands.Receipts;
using Banking.EventStore.Archive;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using JasperFx.Events;
using Marten;
using Npgsql;

namespace Banking.Accounts.Simulations.Reading;

/// <summary>A simulation with its snapshot, ready to run.</summary>
internal sealed class PreparedSimulation(
    NpgsqlConnection snapshot, StoredEvents reader, ISerializer serializer, SimulationScope scope, SimulationSettings settings,
    DateTimeOffset asOf, Simulation simulation) : IAsyncDisposable
{
    /// <summary>Differences and accounts in the answer, and changes in the request.</summary>
    public const int MaxListed = 1_000;

    /// <summary>
    /// A refusal that is older than the event about it comes after the version that its decision saw.
    /// </summary>
    private static readonly string RefusalsSql =
        $"""
        select coalesce(e.seq_id, s.seq_id, 0) as place, d.data from {CommandsModule.RefusalTable} d
        left join {SchemaNames.Events}.mt_events e on e.stream_id = d.id and e.version = 1 and not e.is_archived
        left join {SchemaNames.Events}.mt_events s on e.id is null and s.stream_id = (d.data ->> 'streamId')::uuid
            and s.version = (d.data ->> 'streamVersion')::bigint and {ArchiveManifest.IsInLog("s")}
        where {SimulationScope.IsRefusal} order by place, d.id
        """;

    private const int ReportEvery = 1_000;

    /// <summary>The number of events and refused commands to replay.</summary>
    public long Total => scope.Events + scope.Refusals;

    public ValueTask DisposeAsync() => snapshot.DisposeAsync();

    /// <param name="progress">Called now and then, and at the end.</param>
    /// <returns>The answer; null if the time was over before the end.</returns>
    /// <exception cref="UnreadableEventException">An event cannot be read, or cannot follow those before it.</exception>
    /// <exception cref="OverflowException">A simulated balance is too large.</exception>
    public async Task<SimulationResult?> RunAsync(Action<SimulationProgress> progress, CancellationToken ct)
    {
        var watch = Stopwatch.StartNew();
        var (events, refusals) = (0L, 0L);
        DateTimeOffset? at = null;
        await foreach (var (e, refusal) in HistoryAsync(ct))
        {
            Apply(e, refusal);
            (events, refusals, at) = e is null ? (events, refusals + 1, refusal!.RecordedAt) : (events + 1, refusals, e.Timestamp);
            var isOver = watch.Elapsed.TotalSeconds > settings.MaxSeconds;
            if (isOver || (events + refusals) % ReportEvery == 0)
            {
                progress(new(events + refusals, Total, at));
            }

            if (isOver)
            {
                return null;
            }
        }

        simulation.End();
        progress(new(events + refusals, Total, at));
        return await AnswerAsync(events, refusals, watch, ct);
    }

    private void Apply(IEvent? e, RecordedRefusal? refusal)
    {
        if (e is null)
        {
            simulation.Apply(refusal!);
            return;
        }

        try
        {
            simulation.Apply(e);
        }
        catch (Exception failure) when (failure is InvalidOperationException or InvalidCastException)
        {
            // The event has the shape of its type but cannot follow the ones before it.
            throw new UnreadableEventException(e, failure);
        }
    }

    /// <summary>The events and refusals of the accounts, in the order of the log; of each item one of the two.</summary>
    private async IAsyncEnumerable<(IEvent? Event, RecordedRefusal? Refusal)> HistoryAsync([EnumeratorCancellation] CancellationToken ct)
    {
        var ids = scope.Accounts.Keys.ToArray();
        using var turn = new SemaphoreSlim(1);
        await using var events = await SnapshotCursor<IEvent>.OpenAsync(
            snapshot, turn, "simulated_events", StoredEvents.Select($"stream_id = any($1) and {ArchiveManifest.IsInLog()}"), [ids],
            row => reader.Read(row), ct);
        await using var refusals = await SnapshotCursor<(long Place, RecordedRefusal Refusal)>.OpenAsync(
            snapshot, turn, "simulated_refusals", RefusalsSql, [ids, scope.RefusedByThem],
            row => (row.GetInt64(0), serializer.FromJson<RecordedRefusal>(row, 1)), ct);
        events.Start();
        refusals.Start();
        while (await events.FillAsync() | await refusals.FillAsync())
        {
            ct.ThrowIfCancellationRequested();
            var isRefusal = !events.HasNext || (refusals.HasNext && refusals.Peek().Place < events.Peek().Sequence);
            yield return isRefusal ? (null, refusals.Next().Refusal) : (events.Next(), null);
        }
    }

    private async Task<SimulationResult?> AnswerAsync(long events, long refusals, Stopwatch watch, CancellationToken ct)
    {
        var differing = SimulationResults.Differing(simulation);
        var listed = differing.Take(MaxListed).ToList();
        var byStream = listed.ToDictionary(a => AccountStatements.IdOf(a.Id));
        var issued = await snapshot.ListAsync(
            StoredEvents.Select($"stream_id = any($1) and {ArchiveManifest.IsInLog()}", order: "stream_id, version"),
            [byStream.Keys.ToArray()],
            row => reader.Read(row), ct);
        var affected = new List<IEvent>();
        foreach (var e in issued)
        {
            ct.ThrowIfCancellationRequested();
            if (watch.Elapsed.TotalSeconds > settings.MaxSeconds)
            {
                return null;
            }

            if (e.Data is StatementIssued statement && AffectedStatements.IsAffected(statement, byStream[e.StreamId].Changes))
            {
                affected.Add(e);
            }
        }

        return SimulationResults.Of(
            simulation, asOf, events, refusals, differing.Count, listed,
            affected.ToLookup(e => byStream[e.StreamId].Id, e => StatementId.Format(((StatementIssued)e.Data).Statement)));
    }
}
