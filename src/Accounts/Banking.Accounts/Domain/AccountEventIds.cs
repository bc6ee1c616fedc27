using System.Text.Json.Nodes;
using Banking.Accounts.Statements.Domain;
using Banking.Customers.Contracts;
using Banking.EventStore.Published;

namespace Banking.Accounts.Domain;

/// <summary>Which members of the module's events are ids.</summary>
internal static class AccountEventIds
{
    public static PublicIds All { get; } = PublicIds
        .Of(
            "accounts.",
            ("owner", CustomerStreams.Prefix), ("customer", CustomerStreams.Prefix),
            ("account", AccountId.Prefix), ("from", AccountId.Prefix), ("to", AccountId.Prefix), ("other.id", AccountId.Prefix),
            ("transferId", MovementId.Transfer), ("correction.id", TransactionId.Correction),
            ("statement", StatementId.Prefix), ("supersedes", StatementId.Prefix),
            // The event that a difference belongs to, under its present name and under that of version 1.
            ("movement", "evt"), ("corrects", "evt"))
        .With("correction.transaction", FirstPrefix)
        .With("correction.corrects", c => IsFirst(c) ? FirstPrefix(c) : TransactionId.Correction);

    /// <summary>Whether the corrected transaction is the one at the beginning of the chain.</summary>
    private static bool IsFirst(JsonObject correction) => (string?)correction["corrects"] == (string?)correction["transaction"];

    private static string FirstPrefix(JsonObject correction) => (string?)correction["of"] switch
    {
        "deposit" => MovementId.Deposit,
        "withdrawal" => MovementId.Withdrawal,
        _ => MovementId.Transfer,
    };
}
