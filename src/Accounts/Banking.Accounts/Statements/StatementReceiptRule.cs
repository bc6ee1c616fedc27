using System.Text.Json;
using Banking.Accounts.Domain;
using Banking.Accounts.Statements.Domain;
using Banking.EventStore.Log;
using Banking.ReadModels.Comparing;
using static Banking.Accounts.ReadModels.AnswerMembers;

namespace Banking.Accounts.Statements;

/// <summary>Compares the stored answer to the issue of a statement with the statement in the log.</summary>
internal static class StatementReceiptRule
{
    private static readonly string Issued = StoredEventTypes.FactOf(StatementEventNames.All[typeof(StatementIssued)]);

    /// <summary>Members with the same text in the event and in the answer.</summary>
    private static readonly string[] Texts = ["from", "to", "contentHash"];

    public static ReceiptRule Rule { get; } = new(Problem);

    private static string? Problem(ReceiptedEvent e, JsonElement body)
    {
        if (StoredEventTypes.FactOf(e.Type) != Issued)
        {
            return null;
        }

        using var data = JsonDocument.Parse(e.Data);
        var issued = data.RootElement;
        return Text(body, "id") == StatementId.Format(e.Id)
            && Text(body, "accountId") == PublicIdOf(issued, "account", AccountId.Prefix)
            && Text(body, "supersedes") == PublicIdOf(issued, "supersedes", StatementId.Prefix)
            && IsSameNumber(issued, body, "number")
            && IsSameNumber(issued, body, "entries")
            && IsAmount(body, issued, "opening")
            && IsAmount(body, issued, "closing")
            && Texts.All(m => Text(body, m) == Text(issued, m))
            ? null
            : "it says what the statement says";
    }

    private static bool IsSameNumber(JsonElement issued, JsonElement body, string member) =>
        Member(issued, member) is { ValueKind: JsonValueKind.Number } number
        && number.TryGetInt64(out var value)
        && IsNumber(body, member, value);
}
