using Banking.Platform.Commands;
using Banking.Platform.EventSourcing;
using Banking.Platform.Security;
using Banking.SharedKernel;
using Marten;
using Marten.Services;
using Npgsql;

namespace Banking.Platform.ReadModels;

/// <summary>Who does something to a read model, and why.</summary>
public sealed record OperatorAction(Caller Caller, string Operation, string CorrelationId, string ReasonCode, string Reason)
{
    /// <summary>What the bank does by itself.</summary>
    public static OperatorAction OfTheBank(string reason) =>
        new(new("bank", Roles.Service, null, "sentinel"), "read-models", "read-models", "automatic", reason);
}

/// <summary>What is done to read models is in the log like everything else that is done in this bank: a stream for each of them.</summary>
public sealed class ReadModelJournal(IDocumentStore store, TimeProvider clock)
{
    public const string StreamType = "read-model";

    private static readonly Guid Scope = new("1d0f5a52-7f0c-4b7e-9a55-6f0f1ce8a1d4");

    /// <summary>The stream of a read model.</summary>
    public static Guid StreamOf(string model) => DeterministicId.From(Scope, model);

    /// <summary>Appends a fact in the caller's transaction.</summary>
    public async Task RecordAsync(NpgsqlTransaction transaction, string model, object fact, OperatorAction action, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(action);
        var stream = StreamOf(model);
        var options = (StoreOptions)store.Options;
        var now = RecordedTime.Now(clock);
        // Two who start the stream at once would be a unique violation for one of them: they queue here instead.
        await using (var turn = new NpgsqlCommand("select pg_advisory_xact_lock(hashtextextended($1, 0))", transaction.Connection, transaction))
        {
            turn.Parameters.Add(new() { Value = "read-model:" + model });
            await turn.ExecuteNonQueryAsync(ct);
        }

        await using var known = new NpgsqlCommand(
            $"select version from {options.Events.DatabaseSchemaName}.mt_streams where id = $1 for update", transaction.Connection, transaction);
        known.Parameters.Add(new() { Value = stream });
        var version = (long?)await known.ExecuteScalarAsync(ct) ?? 0;
        await using var session = store.LightweightSession(SessionOptions.ForTransaction(transaction));
        var built = session.Events.BuildEvent(fact);
        built.Id = Ids.Next(clock);
        var context = new CommandContext(
            action.Caller, action.Operation, built.Id.ToString("N"), "", action.CorrelationId, null, action.ReasonCode, action.Reason);
        session.QueueOperation(new AppendEvents(
            options.Events.DatabaseSchemaName,
            options.Serializer(),
            [new(stream, StreamType, version, version + 1, now)],
            [new(stream, version + 1, built, now, action.Caller.Actor, action.CorrelationId, null, context.Headers())]));
        await session.SaveChangesAsync(ct);
    }
}
