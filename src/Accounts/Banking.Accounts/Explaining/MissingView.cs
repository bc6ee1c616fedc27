using Banking.Web.Http;

namespace Banking.Accounts.Explaining;

/// <summary>Why a booking may be missing.</summary>
public enum MissingRule
{
    /// <summary>A command of this amount was refused.</summary>
    RefusedCommand,

    /// <summary>A command of this amount was proposed and not carried out.</summary>
    ProposedCommand,

    /// <summary>A booking of this amount is on another account.</summary>
    OtherAccount,

    /// <summary>A booking of this amount with a counterparty was made before.</summary>
    RepeatedBooking,
}

/// <summary>Where a booking may be that the account lacks.</summary>
/// <param name="Score">100 is the best.</param>
/// <param name="Why">The rule in words.</param>
/// <param name="AccountId">The other account, if the booking is on one.</param>
/// <param name="Counterparty">The other side of the booking, if there is a booking.</param>
/// <param name="At">When the booking took effect, or when the command was refused or proposed.</param>
/// <param name="Code">Why the command was refused, or what became of the proposal.</param>
/// <param name="Link">The refusal, the proposal or the transaction.</param>
public sealed record MissingView(
    MissingRule Rule, int Score, string Why, string? AccountId, string? Counterparty, Amount Amount, DateTimeOffset At, string? Code,
    string Link);

/// <summary>The rules in words.</summary>
internal static class MissingWords
{
    public static string Of(MissingRule rule, bool isKnown = false) => rule switch
    {
        MissingRule.RefusedCommand => "A command of this amount was refused, so nothing was booked.",
        MissingRule.ProposedCommand => "A command of this amount was proposed and not carried out.",
        MissingRule.OtherAccount when isKnown =>
            "A booking of this amount is on another account, with a counterparty of this one: it may belong here.",
        MissingRule.OtherAccount => "A booking of this amount is on another account: it may belong here.",
        MissingRule.RepeatedBooking => "This amount was booked with this counterparty before: another booking of it may be missing.",
        _ => throw new InvalidOperationException($"{rule} is not a rule of the search."),
    };
}
