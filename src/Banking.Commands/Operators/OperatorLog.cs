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
    public async Task RecordAsync(
        NpgsqlTransaction transaction, OperatorStreamKind kind, string name, object fact, OperatorAction action, CancellationToken ct)
    {
        var stream = kind.StreamOf(name);
        var options = (StoreOptions)store.Options;
        // Writers of the same stream queue here. Two that start it at the same time would otherwise cause a unique violation.
        var connection = transaction.Connection!;
        await connection.ExecuteAsync("select pg_advisory_xact_lock(hashtextextended($1, 0))", [$"{kind.StreamType}:{name}"], ct);
        var heads = await connection.ListAsync(
            $"select version, timestamp from {SchemaNames.Streams} where id = $1 for update",
            [stream],
            row => (row.GetInt64(0), row.GetFieldValue<DateTimeOffset>(1)),
            ct);
        var (version, last) = heads is [var head] ? head : (0, DateTimeOffset.MinValue);
        // Read the clock under the lock, and use the last recorded time if another host's clock is ahead: recorded times never fall with
        // the version.
        var now = RecordedTime.Now(clock);
        now = now < last ? last : now;
        await using var session = store.LightweightSession(SessionOptions.ForTransaction(transaction));
        var built = session.Events.BuildEvent(fact);
        built.Id = Ids.Next(clock);
        var context = new CommandContext(
            action.Caller, action.Operation, built.Id.ToString("N"), "", action.CorrelationId, null, action.ReasonCode, action.Reason);
        session.QueueOperation(new AppendEvents(
            SchemaNames.Events,
            options.Serializer(),
            versions,
            [new(stream, kind.StreamType, version, version + 1, now)],
            [new(stream, version + 1, built, now, action.Caller.Actor, action.CorrelationId, null, context.Headers())]));
        await session.SaveChangesAsync(ct);
        logger.LogInformation(
            "Recording {Event} of {Name}, correlation id {Correlation}", built.EventTypeName, name, action.CorrelationId);
    }
}
