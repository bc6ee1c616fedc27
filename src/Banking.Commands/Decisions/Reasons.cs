using Banking.SharedKernel;

namespace Banking.Commands.Decisions;

/// <summary>Rules for the reason of a command: a code for statistics and a text for people.</summary>
public static class Reasons
{
    /// <summary>Maximum length of the reason of a command that moves money, in UTF-16 units: one line of a statement.</summary>
    public const int MaxMoneyReasonLength = 140;

    /// <summary>Maximum length of any other reason, in UTF-16 units.</summary>
    public const int MaxLength = 500;

    /// <summary>
    /// Returns what is wrong with the reason of a command that moves money, or null. Such a command is malformed: it is not decided and
    /// nothing is stored.
    /// </summary>
    public static Refusal? OfMoney(string? text) => string.IsNullOrEmpty(text)
        ? Refusal.Malformed("reason_required", $"A reason text is required, 1 to {MaxMoneyReasonLength} characters.", "#/reason")
        : PlainText.Problem(text, MaxMoneyReasonLength) is { } why ? Refusal.Malformed("invalid_text", why, "#/reason") : null;

    /// <summary>Returns what is wrong with a reason, or null.</summary>
    public static Refusal? Problem(string? code, string? text) =>
        code is { Length: > 0 and <= 50 } && code.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '_' or '-')
            ? Words(text)
            : Refusal.Invalid(
                "reason_required", "A reason code of lower-case letters, digits, - and _ is required.", "#/reasonCode");

    private static Refusal? Words(string? text) =>
        string.IsNullOrEmpty(text) ? Refusal.Invalid("reason_required", "A reason text is required.", "#/reason")
        : PlainText.Problem(text, MaxLength) is { } why ? Refusal.Invalid("invalid_text", why, "#/reason")
        : null;
}
