using System.Text.Json;
using Banking.Accounts.Domain;
using Banking.EventStore.Log;
using Banking.ReadModels.Comparing;
using Banking.SharedKernel;
using static Banking.Accounts.ReadModels.AnswerMembers;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// Compares the stored answer to a movement with the movement in the log: all members that the event has. The answer to a transfer is
/// compared with both halves. Of a movement that was approved, whose answer is the proposal, it compares id and reason.
/// </summary>
internal static class MovementReceiptRule
{
    private static readonly string Deposited = FactOf(typeof(MoneyDeposited));
    private static readonly string Withdrawn = FactOf(typeof(MoneyWithdrawn));
    private static readonly string Sent = FactOf(typeof(TransferSent));
    private static readonly string Received = FactOf(typeof(TransferReceived));

    public static ReceiptRule Rule { get; } = new(Problem);

    /// <summary>What an event states, in whatever version.</summary>
    private static string FactOf(Type type) => StoredEventTypes.FactOf(EventNames.All[type]);

    private static string? Problem(ReceiptedEvent e, JsonElement body)
    {
        var fact = StoredEventTypes.FactOf(e.Type);
        var prefix =
            fact == Deposited ? MovementId.Deposit
            : fact == Withdrawn ? MovementId.Withdrawal
            : fact == Sent || fact == Received ? MovementId.Transfer
            : null;
        if (prefix is null)
        {
            return null;
        }

        using var data = JsonDocument.Parse(e.Data);
        var booked = data.RootElement;
        var id = fact == Received ? PublicIdOf(booked, "transferId", prefix) : PublicId.Format(prefix, e.Id);
        if (Text(body, "result") is { } result)
        {
            // The answer is that of the approval of a proposal.
            return !result.EndsWith($"/{id}", StringComparison.Ordinal) ? "its result is the movement"
                : Text(body, "reason") != e.ReasonText ? "its reason is the reason of the movement"
                : null;
        }

        return Text(body, "id") != id ? "its id is the id of the movement"
            : Text(body, "reason") != e.ReasonText ? "its reason is the reason of the movement"
            : fact != Received && !IsNumber(body, "version", e.Version) ? "its version is the version of the movement"
            : !IsAmount(body, booked) ? "its amount is the amount of the movement"
            : !HasAccounts(fact, AccountId.Format(e.Stream), booked, body) ? "its accounts are the accounts of the movement"
            : !IsSameInstant(body, booked, "effectiveAt") ? "its effective time is the effective time of the movement"
            : !HasDetails(body, booked) ? "its details are the details of the movement"
            : null;
    }

    private static bool HasAccounts(string fact, string account, JsonElement booked, JsonElement body) =>
        fact == Sent ? Text(body, "fromAccountId") == account
            && Text(body, "toAccountId") == PublicIdOf(booked, "to", AccountId.Prefix)
        : fact == Received ? Text(body, "toAccountId") == account
            && Text(body, "fromAccountId") == PublicIdOf(booked, "from", AccountId.Prefix)
        : Text(body, "accountId") == account && Text(body, "direction") == (fact == Deposited ? "credit" : "debit");

    /// <summary>Whether the details are the same. In the first version of events the purpose is a text, which no answer shows.</summary>
    private static bool HasDetails(JsonElement body, JsonElement booked)
    {
        var details = Member(booked, "details");
        return Text(body, "reference") == Text(details, "reference")
            && Text(body, "purposeCode") == Text(Member(details, "purpose"), "code")
            && Text(body, "endToEndId") == Text(details, "endToEndId")
            // Answers that are kept since counterparties are sealed have none.
            && (Member(body, "counterparty") is not { } party
                || (Text(party, "bank") == Text(Member(details, "counterparty"), "bank")
                    && Text(party, "account") == Text(Member(details, "counterparty"), "account")));
    }
}
