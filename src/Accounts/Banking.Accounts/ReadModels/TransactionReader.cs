using Banking.Accounts.Domain;
using Banking.Commands.Decisions;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using JasperFx.Events;

namespace Banking.Accounts.ReadModels;

/// <summary>Finds transactions and their corrections in the log, so no second copy can disagree with it.</summary>
public sealed class TransactionReader(EventReader events)
{
    internal const string IndexName = "idx_accounts_corrections_v3";

    /// <summary>The condition must be the same in the index and in the query. If a type gets another name, both need it.</summary>
    internal const string IsCorrection =
        "type in ('accounts.movement-reversed.v1', 'accounts.movement-rebooked.v1', "
            + "'accounts.movement-reversed.v2', 'accounts.movement-rebooked.v2', "
            + "'accounts.movement-reversed.v3', 'accounts.movement-rebooked.v3')";

    /// <summary>The indexes of the earlier versions alone. Queries of hosts of that time can use the present one too.</summary>
    internal static readonly string[] FormerIndexNames = ["idx_accounts_corrections", "idx_accounts_corrections_v2"];

    internal const string Root = "data -> 'correction' ->> 'transaction'";

    /// <summary>An index of the bookings of corrections. Other events cost nothing more.</summary>
    internal static readonly string Index =
        $"create index if not exists {IndexName} on {SchemaNames.Events}.mt_events (({Root})) where {IsCorrection}; "
            + $"drop index if exists {string.Join(", ", FormerIndexNames.Select(name => $"{SchemaNames.Events}.{name}"))}";

    /// <summary>The transaction with this public id; null if there is none.</summary>
    internal async Task<BookedTransaction?> FindAsync(string transaction, CancellationToken ct) =>
        await FindEventAsync(transaction, ct) is { } e ? BookedTransaction.Of(e) : null;

    /// <summary>The transaction with this id of an event; null if there is none.</summary>
    internal async Task<BookedTransaction?> FindAsync(Guid id, CancellationToken ct) =>
        await events.FindAsync(id, ct) is { } e ? BookedTransaction.Of(e) : null;

    /// <summary>The event that has the id of the transaction.</summary>
    internal async Task<IEvent?> FindEventAsync(string transaction, CancellationToken ct) =>
        TransactionId.Parse(transaction) is { } id
        && await events.FindAsync(id, ct) is { } e
        // A deposit is not found under the id of a withdrawal.
        && BookedTransaction.Of(e)?.PublicId == transaction
            ? e
            : null;

    /// <summary>All bookings of all corrections of a transaction, oldest first.</summary>
    /// <param name="root">The deposit, withdrawal or transfer at the beginning of the chain.</param>
    internal Task<IReadOnlyList<IEvent>> CorrectionsAsync(Guid root, CancellationToken ct) =>
        events.WhereAsync($"{IsCorrection} and {Root} = $1", [root.ToString()], ct);

    internal static Refusal NotFound(string transaction) =>
        Refusal.NotFound("transaction_not_found", "There is no such transaction.", ("transaction", transaction));
}
