using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Periods;
using Banking.EventStore.Appending;
using Banking.EventStore.Callers;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Banking.EventStore.Versions;
using Banking.SharedKernel;
using Marten;
using Marten.Services;
using Npgsql;

namespace Banking.Commands.Imports;

/// <summary>A stream of another system.</summary>
/// <param name="Documents">Documents stored in the transaction of the stream.</param>
public sealed record HistoryStream(Guid Id, IReadOnlyList<HistoryEvent> Events, IReadOnlyList<object> Documents)
{
    /// <summary>The commands that become due after an import at this time.</summary>
    public Func<DateTimeOffset, IReadOnlyList<DueCommand>> Due { get; init; } = _ => [];
}

/// <summary>An event of another system.</summary>
/// <param name="Key">Key of the source row, stored in place of an idempotency key.</param>
/// <param name="Row">The source row.</param>
/// <param name="EffectiveAt">When it takes effect; null for an event that books nothing.</param>
public sealed record HistoryEvent(Guid Id, string Key, object Data, SourceRow Row, DateTimeOffset? EffectiveAt = null);

/// <summary>Result of an import.</summary>
/// <param name="Events">Number of events stored.</param>
/// <param name="Streams">Number of streams stored.</param>
/// <param name="Known">Number of streams that existed already and were not changed.</param>
public sealed record ImportResult(int Events, int Streams, int Known)
{
    /// <summary>The results of two imports together.</summary>
    public ImportResult And(ImportResult other) => new(Events + other.Events, Streams + other.Streams, Known + other.Known);
}

/// <summary>
/// Imports streams of another system. Its bookings are facts, so nothing is decided, but they are folded and stored like events of
/// commands. A stream is imported as a whole, under an id made from its source: an interrupted import continues where it stopped, and a
/// repeated one finds everything present. <see cref="HistoryComparison"/> has checked before that existing streams have the same history.
/// </summary>
public sealed class HistoryImport(
    IDocumentStore store, NpgsqlDataSource source, TimeProvider clock, EventVersions versions, IClosedPeriods? periods = null)
{
    /// <summary>Events per transaction: enough that a round trip does not matter, few enough to stop soon.</summary>
    private const int EventsPerTransaction = 2_000;

    private const int MaxParallel = 3;

    /// <summary>Prefix of the actor of imported events; the name of the import follows.</summary>
    internal const string ActorPrefix = "import:";

    /// <param name="progress">Receives the number of events stored, after each transaction.</param>
    public async Task<ImportResult> RunAsync<TState>(
        string importName, IReadOnlyList<HistoryStream> streams, GroupRules<TState> rules, Action<int> progress, CancellationToken ct)
        where TState : class, IEventSourced<TState>
    {
        var existing = await FindExistingAsync(streams, ct);
        var missing = streams.Where(s => !existing.Contains(s.Id)).ToList();
        var context = Context(importName);
        await Parallel.ForEachAsync(
            Chunks(missing),
            new ParallelOptions { MaxDegreeOfParallelism = MaxParallel, CancellationToken = ct },
            async (chunk, token) =>
            {
                await StoreAsync(chunk, context, rules, token);
                progress(chunk.Sum(s => s.Events.Count));
            });
        return new(missing.Sum(s => s.Events.Count), missing.Count, existing.Count);
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

    private async Task<HashSet<Guid>> FindExistingAsync(IReadOnlyList<HistoryStream> streams, CancellationToken ct) =>
        (await source.ListAsync(
            $"select id from {SchemaNames.Streams} where id = any($1)",
            [streams.Select(s => s.Id).ToArray()],
            row => row.GetGuid(0),
            ct)).ToHashSet();

    private async Task StoreAsync<TState>(List<HistoryStream> chunk, CommandContext context, GroupRules<TState> rules, CancellationToken ct)
        where TState : class, IEventSourced<TState>
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (periods is not null && await periods.LockAsync(transaction, ct) is { } openFrom)
        {
            CheckPeriods(chunk, openFrom);
        }

        await using var session = store.LightweightSession(SessionOptions.ForTransaction(transaction));
        var now = RecordedTime.Now(clock);
        var heads = new List<StreamHead>(chunk.Count);
        var envelopes = new List<EventEnvelope>(EventsPerTransaction);
        var states = new List<StoredState<TState>>(chunk.Count);
        var documents = new List<object>();
        var due = new List<DueRow>();
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
            due.AddRange(stream.Due(now).Select(command => DueRow.Of(command, context, stream.Events[^1].Id)));
            documents.AddRange(stream.Documents);
            documents.AddRange(rules.LookupDocuments(null, state));
        }

        session.QueueWrites((StoreOptions)store.Options, versions, heads, envelopes, states, [], documents, due);
        await session.SaveChangesAsync(ct);
        await transaction.CommitAsync(ct);
    }

    /// <summary>Checks before anything is imported that no missing stream would be effective in a closed period.</summary>
    /// <exception cref="PeriodClosedException">An event would be.</exception>
    public async Task CheckPeriodsAsync(IReadOnlyList<HistoryStream> streams, CancellationToken ct)
    {
        if (periods is not null && await periods.OpenFromAsync(ct) is { } openFrom)
        {
            var existing = await FindExistingAsync(streams, ct);
            CheckPeriods(streams.Where(s => !existing.Contains(s.Id)), openFrom);
        }
    }

    private static void CheckPeriods(IEnumerable<HistoryStream> streams, DateTimeOffset openFrom)
    {
        var first = streams.SelectMany(s => s.Events).Where(e => e.EffectiveAt is not null).MinBy(e => e.EffectiveAt);
        if (first?.EffectiveAt is { } at && at < openFrom)
        {
            throw new PeriodClosedException(first.Key, at, openFrom);
        }
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
