using Banking.Commands.Decisions;
using Banking.EventStore.Appending;
using Banking.EventStore.Callers;
using Banking.EventStore.Storage;
using Banking.EventStore.Versions;
using Banking.SharedKernel;
using Marten;
using Marten.Services;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.Commands.Operators;

/// <summary>An action of an operator on the bank's infrastructure: who, and why.</summary>
public sealed record OperatorAction(Caller Caller, string Operation, string CorrelationId, string ReasonCode, string Reason)
{
    /// <summary>An action of the bank itself.</summary>
    public static OperatorAction OfTheBank(string reason, string area = "read-models") =>
        new(new("bank", Roles.Service, null, area == "read-models" ? "sentinel" : area), area, area, "automatic", reason);
}

/// <summary>A kind of object that operators handle, such as a read model. Each object has a stream.</summary>
/// <param name="StreamType">Stream type; permanent in the log.</param>
/// <param name="Scope">Namespace of the stream ids; permanent.</param>
public sealed record OperatorStreamKind(string StreamType, Guid Scope)
{
    public Guid StreamOf(string name) => DeterministicId.From(Scope, name);
}

/// <summary>Records actions of operators in the event log.</summary>
public sealed class OperatorLog(IDocumentStore store, TimeProvider clock, EventVersions versions, ILogger<OperatorLog> logger)
{
    /// <summary>
    /// Appends an event in the caller's transaction, and says so in the host's log: without who and why, which are personal data.
    /// </summary>
    public Task RecordAsync(
        NpgsqlTransaction transaction, OperatorStreamKind kind, string name, object fact, OperatorAction action, CancellationToken ct) =>
        RecordAsync(transaction, kind, [(name, fact)], action, ct);

    /// <summary>
    /// Appends events of one action to several streams, in the order of the list. Callers list the streams in one order, by name, so that
    /// they do not deadlock.
    /// </summary>
    public async Task RecordAsync(
        NpgsqlTransaction transaction, OperatorStreamKind kind, IReadOnlyList<(string Name, object Fact)> facts, OperatorAction action,
        CancellationToken ct)
    {
        if (facts.Count == 0)
        {
            return;
        }

        var ends = await LockAsync(transaction, kind, [.. facts.Select(f => f.Name).Distinct()], ct);
        await using var session = store.LightweightSession(SessionOptions.ForTransaction(transaction));
        var events = new List<EventEnvelope>();
        foreach (var (name, fact) in facts)
        {
            var built = session.Events.BuildEvent(fact);
            built.Id = Ids.Next(clock);
            var end = ends[name] = ends[name] with { Version = ends[name].Version + 1 };
            var context = new CommandContext(
                action.Caller, action.Operation, built.Id.ToString("N"), "", action.CorrelationId, null, action.ReasonCode, action.Reason);
            events.Add(new(
                end.StreamId, end.Version, built, end.RecordedAt, action.Caller.Actor, action.CorrelationId, null, context.Headers()));
        }

        session.QueueOperation(new AppendEvents(
            SchemaNames.Events, store.Options.Serializer(), versions, [.. ends.Values], events));
        await session.SaveChangesAsync(ct);
        foreach (var ((name, _), recorded) in facts.Zip(events))
        {
            logger.LogInformation(
                "Recording {Event} of {Name}, correlation id {Correlation}", recorded.Event.EventTypeName, name, action.CorrelationId);
        }
    }

    /// <summary>Locks streams, which may not exist yet.</summary>
    /// <returns>The end of each stream by name, with the time to record.</returns>
    private async Task<Dictionary<string, StreamHead>> LockAsync(
        NpgsqlTransaction transaction, OperatorStreamKind kind, string[] names, CancellationToken ct)
    {
        var connection = transaction.Connection!;
        // Writers of the same stream queue here. Two that start it at the same time would otherwise cause a unique violation.
        await connection.ExecuteAsync(
            "select pg_advisory_xact_lock(hashtextextended($2 || ':' || n, 0)) from unnest($1) as n", [names, kind.StreamType], ct);
        var known = (await connection.ListAsync(
            $"select id, version, timestamp from {SchemaNames.Streams} where id = any($1) order by id for update",
            [names.Select(kind.StreamOf).ToArray()],
            row => (Id: row.GetGuid(0), Version: row.GetInt64(1), Last: row.GetFieldValue<DateTimeOffset>(2)),
            ct)).ToDictionary(s => s.Id);
        // Read the clock under the lock, and use the last recorded time if another host's clock is ahead: recorded times never fall with
        // the version.
        var now = RecordedTime.Now(clock);
        return names.ToDictionary(name => name, name =>
        {
            var (id, version, last) = known.TryGetValue(kind.StreamOf(name), out var stream)
                ? stream
                : (kind.StreamOf(name), 0L, DateTimeOffset.MinValue);
            return new StreamHead(id, kind.StreamType, version, version, now < last ? last : now);
        });
    }
}
