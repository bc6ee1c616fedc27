using System.Text.Json;
using Banking.Commands.Receipts;
using Banking.ReadModels.Books;

namespace Banking.ReadModels.Comparing;

/// <summary>
/// Compares a receipt and its answer with the event whose headers name it, and with the answer that the log gives. An expired answer is
/// complete without members.
/// </summary>
/// <remarks>
/// Not compared: the fingerprint, because the log has no requests; the members of an earlier version's answer that it lacks; and, where the
/// events before were deleted with archive files or the sentinel skips them, all that needs the state, such as a balance.
/// </remarks>
internal sealed class ReceiptCheck(IReadOnlyList<ReceiptRule> rules)
{
    /// <summary>Returns the rule that the receipt breaks; null if it breaks none.</summary>
    public string? Broken(ReceiptedEvent e, ReceiptRow receipt, MadeAnswers answers)
    {
        using var body = AnswerJson.Parse(receipt.Body);
        var isRefusal = e.StreamType == CommandRefused.StreamType;
        return (receipt.HasEvent ? null : EventRule(receipt.Status, receipt.EventId, receipt.IsInRow))
            ?? (receipt.RecordedAt != e.RecordedAt ? "it is recorded when its event is"
                : HttpStatus.IsProblem(receipt.Status) != isRefusal ? "its status is that of its decision"
                : isRefusal && (receipt.Location ?? (object?)receipt.Version) is not null ? "a refusal has neither location nor version"
                : receipt.Body is null ? (receipt.IsDropped ? null : "its answer is stored until the answers of its month are dropped")
                : body is null ? "its body is JSON"
                : body.RootElement.ValueKind != JsonValueKind.Object ? "its body is an object"
                : isRefusal ? RefusalAnswer.Broken(e, receipt, body.RootElement)
                : rules.Select(r => r.Problem(e, body.RootElement)).FirstOrDefault(p => p is not null))
            ?? BrokenByAnswer(e, receipt, body, answers);
    }

    /// <summary>Returns only the rule that the receipt breaks by differing from the answer that the log gives.</summary>
    public static string? BrokenByAnswer(ReceiptedEvent e, ReceiptRow receipt, MadeAnswers answers)
    {
        using var body = AnswerJson.Parse(receipt.Body);
        return receipt.Body is null || body is { RootElement.ValueKind: JsonValueKind.Object }
            ? BrokenByAnswer(e, receipt, body, answers)
            : null;
    }

    /// <summary>
    /// Returns the rule that a receipt without an event in the log breaks. Only refusals of earlier versions have none: these stored the
    /// answer in the row. Their refusal is found by <see cref="EarlierRefusals"/>.
    /// </summary>
    public static string? EventRule(int status, Guid? eventId, bool isInRow) => (HttpStatus.IsProblem(status), eventId) switch
    {
        (true, null) => isInRow ? null : "a refused command has an event",
        (true, _) => "its refusal is in the log",
        (false, null) => "an accepted command has an event",
        (false, _) => "its event is in the log",
    };

    private static string? BrokenByAnswer(ReceiptedEvent e, ReceiptRow receipt, JsonDocument? body, MadeAnswers answers)
    {
        try
        {
            return answers.Make(e, body?.RootElement) is not var (answer, version) ? null
                : receipt.Status != HttpStatus.Of(answer) ? "its status is that of the answer to its command"
                : IsOther(receipt, receipt.Location, answer.Location) ? "its location is the address of what its command made"
                : version is not null && IsOther(receipt, receipt.Version, version) ? "its version is the version after its command"
                : body is not null && AnswerJson.Differing(body.RootElement, answer.View, receipt.IsInRow) is { } member
                    ? $"its {member} is what the log says"
                : null;
        }
        catch (Exception failure) when (ReadModelWriter.IsDataFailure(failure))
        {
            return $"its answer can be made from the log, but: {failure.Message}";
        }
    }

    /// <summary>Whether a value differs. An earlier version may have stored none.</summary>
    private static bool IsOther<T>(ReceiptRow receipt, T? found, T? expected) =>
        !EqualityComparer<T?>.Default.Equals(found, expected) && !(found is null && receipt.IsInRow);
}
