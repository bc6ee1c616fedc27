using System.Text.Json;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.EventStore.Json;

namespace Banking.ReadModels.Comparing;

/// <summary>
/// Compares the answer to a refused command with the refusal and its event. The pointers in <c>errors</c> cannot be compared: a refusal
/// does not store them. Neither does it store its kind, so the status is compared with the one in the answer only.
/// </summary>
internal static class RefusalAnswer
{
    /// <summary>Returns the broken rule; null if there is none, or no refusal to compare with.</summary>
    public static string? Broken(ReceiptedEvent e, ReceiptRow receipt, JsonElement body)
    {
        // RefusalComparison reports a missing refusal.
        return receipt.Refusal is not { } refusal ? null
            : !HasFacts(refusal, body) ? "it says what the refusal says"
            : Differing(e, receipt, refusal, body) is { } member ? $"its {member} is that of the refusal"
            : null;
    }

    private static bool HasFacts(StoredRefusal refusal, JsonElement body)
    {
        bool Has(string member, string? expected) => body.TryGetProperty(member, out var value) && value.ValueEquals(expected);
        return Has("code", refusal.Code) && Has("detail", refusal.Detail)
            && FactsOf(refusal) is { ValueKind: JsonValueKind.Object } facts
            && facts.EnumerateObject().All(f => body.TryGetProperty(f.Name, out var value) && JsonElement.DeepEquals(value, f.Value))
            && body.EnumerateObject().All(m => Refusal.OwnMembers.Contains(m.Name) || facts.TryGetProperty(m.Name, out _));
    }

    /// <summary>The first member with another value than the refusal gives.</summary>
    private static string? Differing(ReceiptedEvent e, ReceiptRow receipt, StoredRefusal refusal, JsonElement body)
    {
        if (refusal.Code is not { Length: > 0 } code)
        {
            return "code";
        }

        (string Name, Func<JsonElement, bool> IsRight)[] members =
        [
            ("status", m => m.ValueKind == JsonValueKind.Number && m.TryGetInt32(out var status) && status == receipt.Status),
            ("applied", m => m.ValueKind == JsonValueKind.False),
            ("traceId", m => IsText(m, e.Correlation)),
            // Earlier versions had other forms of these two.
            ("type", m => receipt.IsInRow || IsText(m, ProblemDocument.TypePath + code)),
            ("title", m => receipt.IsInRow || IsText(m, ProblemDocument.Title(code))),
        ];
        // A fact of an earlier version could have the name of a member, and stood in its place.
        return members.FirstOrDefault(m => !IsFact(refusal, m.Name)
                && (body.TryGetProperty(m.Name, out var found) ? !m.IsRight(found) : !receipt.IsInRow)).Name
            ?? (body.TryGetProperty("errors", out var errors) && !HasDetails(errors, refusal) ? "errors" : null);
    }

    private static bool HasDetails(JsonElement errors, StoredRefusal refusal) =>
        errors.ValueKind == JsonValueKind.Array
        && errors.EnumerateArray().All(error =>
            error.ValueKind == JsonValueKind.Object
            && error.TryGetProperty("detail", out var detail)
            && IsText(detail, refusal.Detail));

    private static bool IsFact(StoredRefusal refusal, string name) => FactsOf(refusal)?.TryGetProperty(name, out _) ?? false;

    private static bool IsText(JsonElement member, string? expected) =>
        member.ValueKind == JsonValueKind.String && member.ValueEquals(expected);

    /// <summary>The facts; null if they cannot be read.</summary>
    public static JsonElement? FactsOf(StoredRefusal refusal)
    {
        try
        {
            return refusal.Facts is null ? null : JsonSerializer.Deserialize<JsonElement>(refusal.Facts, ApiJson.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
