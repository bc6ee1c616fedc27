using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.EventStore.Appending;
using Banking.EventStore.Callers;
using Banking.EventStore.Streams;
using Banking.SharedKernel;
using Marten;
using Marten.Services;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Commands.Imports;

/// <summary>A stream as another system remembers it.</summary>
/// <param name="Documents">Documents that must stand or fall with it.</param>
public sealed record HistoryStream(Guid Id, IReadOnlyList<HistoryEvent> Events, IReadOnlyList<object> Documents);

/// <summary>One fact of another system.</summary>
/// <param name="Key">Names the row it came from; kept where the idempotency key of a command is kept.</param>
/// <param name="Row">The row it came from.</param>
public sealed record HistoryEvent(Guid Id, string Key, object Data, SourceRow Row);

/// <summary>What an import did.</summary>
/// <param name="Events">Events stored.</param>
/// <param name="Streams">Streams stored.</param>
/// <param name="Known">Streams that were there already and were left alone.</param>
public sealed record ImportResult(int Events, int Streams, int Known);

/// <summary>
/// Takes over streams of another system. What was booked there is a fact, so nothing is decided; but it is appended, folded and
/// stored the way commands are. A stream comes in whole or not at all and under an id made from its source: an import that was cut
/// off goes on where it stopped, one that is repeated finds everything there. That what is there is the same history,
/// <see cref="HistoryComparison"/> finds out before.
/// </summary>
public sealed class HistoryImport(IDocumentStore store, NpgsqlDataSource source, TimeProvider clock)
{
    /// <summary>Events per transaction: large enough that a round trip weighs nothing, small enough to stop at.</summary>
    private const int EventsPerTransaction = 2_000;

    private const int Parallel = 3;

    /// <summary>How the actor of imported events begins; the name of the import follows.</summary>
    internal const string ActorPrefix = "import:";

    /// <param name="progress">Told how many events were stored, each time some were.</param>
    public async Task<ImportResult> RunAsync<TState>(
        string importName, IReadOnlyList<HistoryStream> streams, GroupRules<TState> rules, Action<int> progress, CancellationToken ct)
        where TState : class, IEventSourced<TState>
    {
        ArgumentNullException.ThrowIfNull(streams);
        ArgumentNullException.ThrowIfNull(progress);
        var known = await KnownAsync(streams, ct);
        var wanted = streams.Where(s => !known.Contains(s.Id)).ToList();
        var context = Context(importName);
        await System.Threading.Tasks.Parallel.ForEachAsync(
            Chunks(wanted),
            new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = ct },
            async (chunk, token) =>
            {
                await StoreAsync(chunk, context, rules, token);
                progress(chunk.Sum(s => s.Events.Count));
            });
        return new(wanted.Sum(s => s.Events.Count), wanted.Count, known.Count);
    }

    private CommandContext Context(string importName) =>
        new(
            new Caller(ActorPrefix + importName, Roles.Service, null, Channels.Import),
            "import " + importName,
            "",
            "",
            Ids.Next(clock).ToString(),
            null,
            ReasonText: $"taken over by the import {importName}");

    private async Task<HashSet<Guid>> KnownAsync(IReadOnlyList<HistoryStream> streams, CancellationToken ct)
    {
        await using var command = source.CreateCommand(
            $"select id from {store.Options.Events.DatabaseSchemaName}.mt_streams where id = any($1)");
        command.Parameters.Add(
            new() { Value = streams.Select(s => s.Id).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var known = new HashSet<Guid>();
        while (await reader.ReadAsync(ct))
        {
            known.Add(reader.GetGuid(0));
        }

        return known;
    }

    private async Task StoreAsync<TState>(List<HistoryStream> chunk, CommandContext context, GroupRules<TState> rules, CancellationToken ct)
        where TState : class, IEventSourced<TState>
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using var session = store.LightweightSession(SessionOptions.ForTransaction(transaction));
        var now = RecordedTime.Now(clock);
        var heads = new List<StreamHead>(chunk.Count);
        var envelopes = new List<EventEnvelope>(EventsPerTransaction);
        var states = new List<StoredState<TState>>(chunk.Count);
        var documents = new List<object>();
        foreach (var stream in chunk)
        {
            TState? state = null;
            foreach (var e in stream.Events)
            {
                state = TState.Fold(state, stream.Id, e.Data, now);
                var built = session.Events.BuildEvent(e.Data);
                built.Id = e.Id;
                envelopes.Add(new(
                    stream.Id, state.Version, built, now, context.Caller.Actor, context.CorrelationId, null,
                    (context with { IdempotencyKey = e.Key }).Headers()));
            }

            heads.Add(new(stream.Id, TState.StreamType, 0, state!.Version, now));
            states.Add(new(state, stream.Events[^1].Id));
            documents.AddRange(stream.Documents);
            documents.AddRange(rules.LookupDocuments(null, state));
        }

        session.QueueWrites((StoreOptions)store.Options, heads, envelopes, states, [], documents, []);
        await session.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }

    private static IEnumerable<List<HistoryStream>> Chunks(List<HistoryStream> streams)
    {
        var chunk = new List<HistoryStream>();
        var events = 0;
        foreach (var stream in streams)
        {
            chunk.Add(stream);
            events += stream.Events.Count;
            if (events >= EventsPerTransaction)
            {
                yield return chunk;
                (chunk, events) = ([], 0);
            }
        }

        if (chunk.Count > 0)
        {
            yield return chunk;
        }
    }
}
