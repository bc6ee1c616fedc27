using Banking.SharedKernel;

namespace Banking.Commands.Decisions;

/// <summary>Why somebody does what needs a reason: a code that machines count, and words that people read.</summary>
public static class Reasons
{
    /// <summary>The longest reason of a command that moves money, in UTF-16 units: what fits on a line of a statement.</summary>
    public const int LongestOfMoney = 140;

    /// <summary>
    /// What is wrong with the reason of a command that moves money, or null. Malformed: nothing was decided, nothing is stored.
    /// </summary>
    public static Refusal? OfMoney(string? text) => string.IsNullOrEmpty(text)
        ? Problems.Malformed("reason_required", $"A reason in words is required, 1 to {LongestOfMoney} characters.", "#/reason")
        : PlainText.Problem(text, LongestOfMoney) is { } why ? Problems.Malformed("invalid_text", why, "#/reason") : null;

    /// <summary>What is wrong with a reason, or null.</summary>
    public static Refusal? Problem(string? code, string? text) =>
        code is { Length: > 0 and <= 50 } && code.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '_' or '-')
            ? Words(text)
            : Problems.Malformed(
                "reason_required", "A reason code of lower-case letters, digits, - and _ is required.", "#/reasonCode", status: 422);

    private static Refusal? Words(string? text) =>
        string.IsNullOrEmpty(text) ? Problems.Malformed("reason_required", "A reason in words is required.", "#/reason", status: 422)
        : PlainText.Problem(text, 500) is { } why ? Problems.Malformed("invalid_text", why, "#/reason", status: 422)
        : null;
}
