using System.Text.Json;
using Banking.Accounts.Domain;
using Banking.EventStore.Log;
using Banking.ReadModels.Comparing;
using Banking.SharedKernel;
using Banking.Web.Http;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// Compares the stored answer to a movement with the movement in the log: id, amount, reason, and version of the account. Of a correction,
/// which may have several movements, and of a movement that was approved, it compares id and reason.
/// </summary>
internal static class MovementReceiptRule
{
    private static readonly string Deposited = FactOf(typeof(MoneyDeposited));
    private static readonly string Withdrawn = FactOf(typeof(MoneyWithdrawn));
    private static readonly string Sent = FactOf(typeof(TransferSent));
    private static readonly string Reversed = FactOf(typeof(MovementReversed));
    private static readonly string Rebooked = FactOf(typeof(MovementRebooked));

    public static ReceiptRule Rule { get; } = new(Problem);

    /// <summary>What an event states, in whatever version.</summary>
    private static string FactOf(Type type) => StoredEventTypes.FactOf(EventNames.All[type]);

    private static string? Problem(ReceiptedEvent e, JsonElement body)
    {
        var fact = StoredEventTypes.FactOf(e.Type);
        if (fact == Reversed || fact == Rebooked)
        {
            return OfCorrection(e, body);
        }

        var prefix =
            fact == Deposited ? MovementId.Deposit
            : fact == Withdrawn ? MovementId.Withdrawal
            : fact == Sent ? MovementId.Transfer
            : null;
        if (prefix is null)
        {
            return null;
        }

        var id = PublicId.Format(prefix, e.Id);
        if (Text(body, "result") is { } result)
        {
            // The answer is that of the approval of a proposal.
            return !result.EndsWith($"/{id}", StringComparison.Ordinal) ? "its result is the movement"
                : Text(body, "reason") != e.ReasonText ? "its reason is the reason of the movement"
                : null;
        }

        using var data = JsonDocument.Parse(e.Data);
        return Text(body, "id") != id ? "its id is the id of the movement"
            : Text(body, "reason") != e.ReasonText ? "its reason is the reason of the movement"
            : !body.TryGetProperty("version", out var version) || !version.TryGetInt64(out var at) || at != e.Version
                ? "its version is the version of the movement"
            : !IsAmount(body, data.RootElement) ? "its amount is the amount of the movement"
            : null;
    }

    private static string? OfCorrection(ReceiptedEvent e, JsonElement body)
    {
        using var data = JsonDocument.Parse(e.Data);
        return !data.RootElement.TryGetProperty("correction", out var link) || !Guid.TryParse(Text(link, "id"), out var id)
            || !Names(body, PublicId.Format(TransactionId.Correction, id)) ? "its id is the id of the correction"
            : Text(body, "reason") != e.ReasonText ? "its reason is the reason of the correction"
            : null;
    }

    /// <summary>
    /// Whether the answer is that of the correction, or of the approval of a proposal that names the correction as its result.
    /// </summary>
    private static bool Names(JsonElement body, string correction) =>
        Text(body, "id") == correction || Text(body, "result") == $"/v1/transactions/{correction}";

    private static bool IsAmount(JsonElement body, JsonElement data)
    {
        if (!data.TryGetProperty("amount", out var amount) || !body.TryGetProperty("amount", out var answered))
        {
            return false;
        }

        try
        {
            var booked = Amount.Of(amount.Deserialize<Money>());
            return (Text(answered, "value"), Text(answered, "currency")) == (booked.Value, booked.Currency);
        }
        catch (JsonException)
        {
            // Another comparison reports the unreadable event.
            return true;
        }
    }

    private static string? Text(JsonElement json, string member) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(member, out var text) && text.ValueKind == JsonValueKind.String
            ? text.GetString()
            : null;
}
