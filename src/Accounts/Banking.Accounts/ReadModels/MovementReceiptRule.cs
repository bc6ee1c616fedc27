using System.Globalization;
using System.Text.Json;
using Banking.Accounts.Domain;
using Banking.EventStore.Log;
using Banking.ReadModels.Comparing;
using Banking.SharedKernel;
using static Banking.Accounts.ReadModels.AnswerMembers;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// Compares the stored answer to a movement with its event alone. The answer that is made from the state of the account has more members,
/// but none is made from the payee's half of a transfer, from a movement that was approved, whose answer is the proposal, and where the
/// state is not known.
/// </summary>
internal static class MovementReceiptRule
{
    private static readonly string Deposited = FactOf(typeof(MoneyDeposited));
    private static readonly string Withdrawn = FactOf(typeof(MoneyWithdrawn));
    private static readonly string Sent = FactOf(typeof(TransferSent));
    private static readonly string Received = FactOf(typeof(TransferReceived));

    public static ReceiptRule Rule { get; } = new(Problem);

    private static string FactOf(Type type) => StoredEventTypes.FactOf(EventNames.All[type]);

    private static string? Problem(ReceiptedEvent e, JsonElement body)
    {
        using var data = JsonDocument.Parse(e.Data);
        var (fact, booked, account) = (StoredEventTypes.FactOf(e.Type), data.RootElement, AccountId.Format(e.Stream));
        (string Name, string? Text)[]? ofKind =
            fact == Deposited ? [("id", PublicId.Format(MovementId.Deposit, e.Id)), ("accountId", account), ("direction", "credit")]
            : fact == Withdrawn ? [("id", PublicId.Format(MovementId.Withdrawal, e.Id)), ("accountId", account), ("direction", "debit")]
            : fact == Sent ? [("id", PublicId.Format(MovementId.Transfer, e.Id)), ("fromAccountId", account), ("toAccountId", Other("to"))]
            : fact == Received ? [("id", Transfer()), ("toAccountId", account), ("fromAccountId", Other("from"))]
            : null;
        return ofKind is null ? null
            : Text(body, "reason") != e.ReasonText ? "its reason is that of the movement"
            : Text(body, "result") is { } result
                ? (result.EndsWith($"/{ofKind[0].Text}", StringComparison.Ordinal) ? null : "its result is the movement")
            : Array.Exists(ofKind, m => Text(body, m.Name) != m.Text) ? "its id, accounts and direction are those of the movement"
            // The version is that of the payer's account.
            : fact != Received && Member(body, "version")?.GetRawText() != e.Version.ToString(CultureInfo.InvariantCulture)
                ? "its version is that of the movement"
            : !IsAmount(body, booked) ? "its amount is that of the movement"
            : !IsSameInstant(body, booked, "effectiveAt") ? "its effective time is that of the movement"
            : !HasDetails(body, Member(booked, "details")) ? "its details are those of the movement"
            : null;

        string? Other(string member) => PublicIdOf(booked, member, AccountId.Prefix);

        string? Transfer() => PublicIdOf(booked, "transferId", MovementId.Transfer);
    }

    /// <summary>Whether the details are the same. In the first version of events the purpose is a text, which no answer shows.</summary>
    private static bool HasDetails(JsonElement body, JsonElement? details) =>
        Text(body, "reference") == Text(details, "reference")
        && Text(body, "purposeCode") == Text(Member(details, "purpose"), "code")
        && Text(body, "endToEndId") == Text(details, "endToEndId")
        // Answers that are kept since counterparties are sealed have none.
        && (Member(body, "counterparty") is not { } party
            || (Text(party, "bank") == Text(Member(details, "counterparty"), "bank")
                && Text(party, "account") == Text(Member(details, "counterparty"), "account")));
}
