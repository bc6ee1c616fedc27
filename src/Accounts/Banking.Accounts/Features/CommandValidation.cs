using Banking.Accounts.Domain;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.SharedKernel;

namespace Banking.Accounts.Features;

/// <summary>Checks of a command that need no account. A failure is not stored. A missing reason is 400, all others are 422.</summary>
internal static class CommandValidation
{
    public static Refusal? CheckMovement(Money amount, string? reference, string? reason) =>
        CheckAmount(amount)
        ?? CheckText("reference", reference, 140)
        ?? Reasons.OfMoney(reason);

    /// <summary>Messages come from other systems too, and may contain null, or a number that is not a member of the enum.</summary>
    public static Refusal? CheckEnum<T>(string member, T value)
        where T : struct, Enum =>
        Enum.IsDefined(value)
            ? null
            : Refusal.Invalid(
                "unknown_value",
                $"{member} is one of {string.Join(", ", Enum.GetNames<T>().Select(WireNames.Of))}.",
                "#/" + member);

    public static Refusal? CheckText(string member, string? text, int maxLength) =>
        PlainText.Problem(text, maxLength) is { } why ? Refusal.Invalid("invalid_text", why, "#/" + member) : null;

    /// <summary>A message may contain any time that .NET can represent; the API accepts a smaller range.</summary>
    public static Refusal? CheckEffectiveAt(DateTimeOffset? effectiveAt) =>
        effectiveAt is { } at && Instants.AtUtcTicks(at.UtcTicks) is InstantResult.Malformed malformed
            ? Refusal.Invalid("invalid_time", malformed.Why, "#/effectiveAt")
            : null;

    public static Refusal? CheckAmount(Money amount) =>
        amount switch
        {
            { IsPositive: false } => Refusal.Invalid(
                "amount_not_positive", "The amount must be above zero.", "#/amount/value"),
            { Minor: > Guards.MaxAmount } => Refusal.Invalid(
                "invalid_amount", "The amount exceeds the largest amount of this bank.", "#/amount/value"),
            _ => null,
        };
}
