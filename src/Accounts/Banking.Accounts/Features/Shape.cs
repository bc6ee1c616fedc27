using Banking.Accounts.Domain;
using Banking.Platform;
using Banking.Platform.Commands;
using Banking.SharedKernel;

namespace Banking.Accounts.Features;

/// <summary>What can be wrong with a command whatever the account: stored nowhere. A missing reason is 400, the rest is 422.</summary>
internal static class Shape
{
    public static Refusal? Movement(Money amount, string? reference, string? reason) =>
        Positive(amount)
        ?? Text("reference", reference, 140)
        ?? Reasons.OfMoney(reason);

    /// <summary>Messages come from outside too: a null where there should be none, a number that is no member.</summary>
    public static Refusal? Known<T>(string member, T value)
        where T : struct, Enum =>
        Enum.IsDefined(value)
            ? null
            : Problems.Malformed(
                "unknown_value",
                $"{member} is one of {string.Join(", ", Enum.GetNames<T>().Select(WireNames.Of))}.",
                "#/" + member,
                status: 422);

    public static Refusal? Text(string member, string? text, int longest) =>
        PlainText.Problem(text, longest) is { } why ? Problems.Malformed("invalid_text", why, "#/" + member, status: 422) : null;

    /// <summary>Messages have any time that a date can hold; requests only those that instants are read as.</summary>
    public static Refusal? Time(DateTimeOffset? effectiveAt) =>
        effectiveAt is { } at && Instants.AtUtcTicks(at.UtcTicks) is InstantResult.Malformed malformed
            ? Problems.Malformed("invalid_time", malformed.Why, "#/effectiveAt", status: 422)
            : null;

    private static Refusal? Positive(Money amount) =>
        amount switch
        {
            { IsPositive: false } => Problems.Malformed(
                "amount_not_positive", "The amount must be above zero.", "#/amount/value", status: 422),
            { Minor: > Guards.LargestAmount } => Problems.Malformed(
                "invalid_amount", "The amount is larger than this bank can book.", "#/amount/value", status: 422),
            _ => null,
        };
}
