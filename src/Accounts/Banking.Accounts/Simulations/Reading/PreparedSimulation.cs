using System.Diagnostics;
using Banking.Accounts.Simulations.Replay;
using Banking.Accounts.Simulations.Views;
using Banking.Accounts.Statements.Domain;
using Banking.Commands;
using Banking.Commands.Receipts;
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
    private const string RefusalsSql =
        $"""
        select coalesce(e.seq_id, s.seq_id, 0) as place, d.data from {CommandsModule.RefusalTable} d
        left join {SchemaNames.Events}.mt_events e on e.stream_id = d.id and e.version = 1 and not e.is_archived
        left join {SchemaNames.Events}.mt_events s on e.id is null and s.stream_id = (d.data ->> 'streamId')::uuid
            and s.version = (d.data ->> 'streamVersion')::bigint and not s.is_archived
        where (d.data ->> 'streamId')::uuid = any($1) order by place, d.id
        """;

    private DateTimeOffset? _at;

    /// <summary>The number of events and refused commands to replay.</summary>
    public long Total => scope.Events + scope.Refusals;

    public ValueTask DisposeAsync() => snapshot.DisposeAsync();

    /// <param name="progress">Called after each page.</param>
    /// <returns>The answer; null if the time was over before the end.</returns>
    /// <exception cref="UnreadableEventException">An event cannot be read, or cannot follow those before it.</exception>
    /// <exception cref="OverflowException">A simulated balance is too large.</exception>
    public async Task<SimulationResult?> RunAsync(Action<SimulationProgress> progress, CancellationToken ct)
    {
        var watch = Stopwatch.StartNew();
        var ids = scope.Accounts.Keys.ToArray();
        var events = await SnapshotCursor<IEvent>.OpenAsync(
            snapshot, "simulated_events", StoredEvents.Select("stream_id = any($1) and not is_archived"), [ids],
            row => reader.Read(row), ct);
        var refusals = await SnapshotCursor<(long Place, RecordedRefusal Refusal)>.OpenAsync(
            snapshot, "simulated_refusals", RefusalsSql, [ids],
            row => (row.GetInt64(0), serializer.FromJson<RecordedRefusal>(row, 1)), ct);
        var (read, refused) = (0L, 0L);
        while (await events.FillAsync(ct))
        {
            while (events.Ready > 0)
            {
                var e = events.Next();
                while (await refusals.FillAsync(ct) && refusals.Peek().Place < e.Sequence)
                {
                    simulation.Apply(refusals.Next().Refusal);
                    refused++;
                }

                Apply(e);
                read++;
            }

            progress(new(read + refused, Total, _at));
            if (watch.Elapsed.TotalSeconds > settings.MaxSeconds)
            {
                return null;
            }
        }

        while (await refusals.FillAsync(ct))
        {
            simulation.Apply(refusals.Next().Refusal);
            refused++;
        }

        simulation.End();
        return await AnswerAsync(read, refused, ct);
    }

    private void Apply(IEvent e)
    {
        try
        {
            simulation.Apply(e);
            _at = e.Timestamp;
        }
        catch (Exception failure) when (failure is InvalidOperationException or InvalidCastException)
        {
            // The event has the shape of its type but cannot follow the ones before it.
            throw new UnreadableEventException(e, failure);
        }
    }

    private async Task<SimulationResult> AnswerAsync(long events, long refusals, CancellationToken ct)
    {
        var differing = SimulationResults.Differing(simulation);
        var listed = differing.Take(MaxListed).ToList();
        var byStream = listed.ToDictionary(a => AccountStatements.IdOf(a.Id));
        var issued = await snapshot.ListAsync(
            StoredEvents.Select("stream_id = any($1) and not is_archived", order: "stream_id, version"), [byStream.Keys.ToArray()],
            row => reader.Read(row), ct);
        var affected = issued.Where(e => e.Data is StatementIssued s && AffectedStatements.IsAffected(s, byStream[e.StreamId].Changes))
            .ToLookup(e => byStream[e.StreamId].Id, e => StatementId.Format(((StatementIssued)e.Data).Statement));
        return SimulationResults.Of(simulation, asOf, events, refusals, differing.Count, listed, affected);
    }
}
