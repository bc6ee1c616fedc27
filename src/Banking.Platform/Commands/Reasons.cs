using Banking.SharedKernel;

namespace Banking.Platform.Commands;

/// <summary>Why somebody does what needs a reason: a code that machines count, and words that people read.</summary>
public static class Reasons
{
    /// <summary>What is wrong with a reason, or null.</summary>
    public static Refusal? Problem(string? code, string? text) =>
        code is { Length: > 0 and <= 50 } && code.All(c => c is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '_' or '-')
            ? Words(text)
            : Problems.Malformed("reason_required", "A reason code of lower-case letters, digits, - and _ is required.", "#/reasonCode", status: 422);

    private static Refusal? Words(string? text) => string.IsNullOrEmpty(text)
        ? Problems.Malformed("reason_required", "A reason in words is required.", "#/reason", status: 422)
        : PlainText.Problem(text, 500) is { } why ? Problems.Malformed("invalid_text", why, "#/reason", status: 422) : null;
}
