using System.Text.Json;
using Banking.Accounts.Domain;
using Banking.Accounts.Statements.Domain;
using Banking.EventStore.Log;
using Banking.ReadModels.Comparing;
using static Banking.Accounts.ReadModels.AnswerMembers;

namespace Banking.Accounts.Statements;

/// <summary>
/// Compares the stored answer to the issue of a statement with its event alone, also where the state of the stream is not known.
/// </summary>
internal static class StatementReceiptRule
{
    private static readonly string Issued = StoredEventTypes.FactOf(StatementEventNames.All[typeof(StatementIssued)]);

    /// <summary>Members with the same value in the event and in the answer.</summary>
    private static readonly string[] Same = ["from", "to", "number", "entries", "contentHash"];

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
            && IsAmount(body, issued, "opening")
            && IsAmount(body, issued, "closing")
            && Same.All(m => Member(body, m) is { } answered && Member(issued, m) is { } said && JsonElement.DeepEquals(answered, said))
            ? null
            : "it says what the statement says";
    }
}
