using System.Text.Json;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.EventStore.Log;
using Banking.ReadModels.Comparing;
using static Banking.Accounts.ReadModels.AnswerMembers;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// Compares the stored answer to a correction with each of its bookings in the log. Of a correction that was approved, whose answer is the
/// proposal, it compares id and reason.
/// </summary>
internal static class CorrectionReceiptRule
{
    private static readonly string Reversed = FactOf(typeof(MovementReversed));
    private static readonly string Rebooked = FactOf(typeof(MovementRebooked));

    public static ReceiptRule Rule { get; } = new(Problem);

    private static string FactOf(Type type) => StoredEventTypes.FactOf(EventNames.All[type]);

    private static string? Problem(ReceiptedEvent e, JsonElement body)
    {
        var fact = StoredEventTypes.FactOf(e.Type);
        if (fact != Reversed && fact != Rebooked)
        {
            return null;
        }

        using var data = JsonDocument.Parse(e.Data);
        var (booked, link) = (data.RootElement, Member(data.RootElement, "correction"));
        var id = PublicIdOf(link, "id", TransactionId.Correction);
        var result = Text(body, "result");
        return (result is null ? Text(body, "id") != id : result != $"/v1/transactions/{id}") ? "its id is the id of the correction"
            : Text(body, "reason") != e.ReasonText ? "its reason is the reason of the correction"
            // The answer is that of the approval of a proposal.
            : result is not null ? null
            : !Corrects(link, body) ? "it corrects what the correction corrects"
            : !HasBooking(e, fact == Reversed ? "reversed" : "rebooked", booked, body) ? "its bookings are the bookings of the correction"
            : null;
    }

    private static bool Corrects(JsonElement? link, JsonElement body) =>
        Guid.TryParse(Text(link, "transaction"), out var root)
        && Guid.TryParse(Text(link, "corrects"), out var corrected)
        && Enum.TryParse<TransactionKind>(Text(link, "of"), ignoreCase: true, out var kind)
        && Text(body, "transactionId") == TransactionId.Format(kind, root, root)
        && Text(body, "corrects") == TransactionId.Format(kind, root, corrected)
        && IsSameName(Text(body, "kind"), Text(link, "kind"));

    /// <summary>Whether the answer shows the booking, and also one on the account on the other side of a transfer.</summary>
    private static bool HasBooking(ReceiptedEvent e, string type, JsonElement booked, JsonElement body)
    {
        if (Member(body, "bookings") is not { ValueKind: JsonValueKind.Array } list)
        {
            return false;
        }

        var account = AccountId.Format(e.Stream);
        var other = PublicIdOf(Member(booked, "other"), "id", AccountId.Prefix);
        return list.EnumerateArray().Any(b =>
                Text(b, "accountId") == account
                && Text(b, "type") == type
                && IsSameName(Text(b, "direction"), Text(booked, "direction"))
                && IsAmount(b, booked)
                && IsSameInstant(b, booked, "effectiveAt"))
            && (other is null || (other != account && list.EnumerateArray().Any(b => Text(b, "accountId") == other)));
    }
}
