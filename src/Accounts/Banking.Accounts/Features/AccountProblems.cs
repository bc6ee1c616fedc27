using Banking.Accounts.Domain;
using Banking.Commands.Decisions;
using Banking.Web.Http;

namespace Banking.Accounts.Features;

/// <summary>The problems of every command that moves money, and those of its own rules.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class MovementProblemsAttribute(params string[] further) : ProblemsAttribute([.. Common, .. further])
{
    private static readonly string[] Common =
    [
        "account_not_found", "account_closed", "account_frozen", "balance_too_large", "currency_mismatch", "unknown_currency",
        "invalid_amount", "amount_not_positive", "effective_at_not_allowed", "effective_before_opening", "effective_in_future",
        "effective_too_early", "invalid_time", "invalid_text", "reason_required", "overloaded", ClosedPeriod.Code,
    ];
}

/// <summary>The problems that only this module answers.</summary>
internal static class AccountProblems
{
    public static IReadOnlyList<ProblemType> All { get; } =
        [.. OfAccounts, .. OfMovements, .. OfPayees, .. OfTimes, .. OfCorrections, .. OfReads];

    private static IEnumerable<ProblemType> OfAccounts =>
    [
        new("account_closed", RefusalKind.Conflict, "The account is closed.", "Use another account.", "accountId"),
        new(
            "account_frozen", RefusalKind.RuleBroken, "The account is frozen for such movements.",
            "Have the account unfrozen.", "accountId", "direction", "frozen", "effectiveAt"),
        new(
            "already_frozen", RefusalKind.Conflict, "The account is already frozen for these movements.",
            "Nothing needs to be done.", "frozen"),
        new("not_frozen", RefusalKind.Conflict, "The account is not frozen for these movements.", "Nothing needs to be done.", "frozen"),
        new("account_number_taken", RefusalKind.Conflict, "Another account has this number.", "Choose another number, or leave it out."),
        new(
            "account_numbers_used", RefusalKind.Unavailable, "The bank cannot assign a number: its sequence is behind the accounts.",
            "Repeat the request with the same key, or choose a number."),
        new(
            "balance_not_zero", RefusalKind.RuleBroken, "An account can be closed only if its balance is zero.",
            "Move the balance first.", "balance"),
        new(
            "limit_below_use", RefusalKind.RuleBroken, "The balance is further below zero than the limit would allow.",
            "Choose a higher limit, or have money paid in.", "balance", "limit"),
        new("unknown_value", RefusalKind.Invalid, "A member has none of its values.", "Use a value that detail names."),
    ];

    private static IEnumerable<ProblemType> OfMovements =>
    [
        new(
            "insufficient_funds", RefusalKind.RuleBroken, "The amount exceeds what is available.",
            "Move at most available, or have money paid in.",
            "requested", "available", "balance", "overdraftLimit", "version", "effectiveAt", "lowestAt", "lowestBalance", "accountId"),
        new(
            "balance_too_large", RefusalKind.RuleBroken, "The balance would exceed the largest balance of this bank.",
            "Use another account.", "balance", "accountId"),
        new(
            "currency_mismatch", RefusalKind.RuleBroken, "The amount is not in the currency of the account.",
            "Send an amount in accountCurrency.",
            "accountId", "accountCurrency", "amountCurrency") { FurtherKinds = [RefusalKind.Invalid] },
        new("same_account", RefusalKind.RuleBroken, "The payer's and the payee's account are the same.", "Use two accounts.", "accountId"),
    ];

    private static IEnumerable<ProblemType> OfPayees =>
    [
        new(
            "payee_account_closed", RefusalKind.Conflict, "The payee's account is closed.",
            "Ask the payee for another account.", "accountId"),
        new(
            "payee_account_frozen", RefusalKind.RuleBroken, "The payee's account is frozen for credits.",
            "Ask the payee for another account.", "accountId", "effectiveAt"),
        new(
            "payee_balance_too_large", RefusalKind.RuleBroken, "The payee's balance would exceed the largest balance of this bank.",
            "Ask the payee for another account.", "accountId"),
        new(
            "payee_effective_before_opening", RefusalKind.RuleBroken, "effectiveAt is before the opening of the payee's account.",
            "Choose a time from earliest on.", "accountId", "effectiveAt", "earliest"),
    ];

    private static IEnumerable<ProblemType> OfTimes =>
    [
        new("effective_at_not_allowed", RefusalKind.NotAllowed, "Only staff may set effectiveAt.", "Leave it out.", "effectiveAt", "role"),
        new(
            "effective_before_opening", RefusalKind.RuleBroken, "effectiveAt is before the opening of the account.",
            "Choose a time from earliest on.", "effectiveAt", "earliest", "accountId"),
        new(
            "effective_in_future", RefusalKind.RuleBroken, "effectiveAt is in the future.",
            "Choose a time up to now, or leave it out.", "effectiveAt", "now"),
        new(
            "effective_too_early", RefusalKind.RuleBroken, "effectiveAt is farther back than this bank allows.",
            "Choose a time from earliest on.", "effectiveAt", "earliest", "now"),
        new(
            ClosedPeriod.Code, RefusalKind.Conflict, "The booking would be effective in a closed period.",
            "Choose a time from openFrom on; book a correction now, if effective is among the members.",
            "effectiveAt", "openFrom", "effective"),
        new("invalid_time", RefusalKind.Invalid, "effectiveAt is outside of the times that the bank can store.", "Correct effectiveAt."),
    ];

    private static IEnumerable<ProblemType> OfCorrections =>
    [
        new(
            "transaction_not_found", RefusalKind.NotFound, "There is no such transaction, or the caller may not know that there is.",
            "Correct the id.", "transaction"),
        new(
            "already_corrected", RefusalKind.Conflict, "The transaction was corrected before.",
            "Correct the correction.", "transactionId", "correctionId"),
        new(
            "nothing_in_effect", RefusalKind.RuleBroken, "The transaction is a reversal, which has no amount or account to correct.",
            "Reverse it.", "transactionId"),
        new(
            "nothing_to_correct", RefusalKind.RuleBroken, "The transaction is already as the correction would make it.",
            "Nothing needs to be done."),
        new("correction_member_unfit", RefusalKind.Invalid, "A member does not fit a correction of this kind.", "Leave the member out."),
        new(
            "correction_member_missing", RefusalKind.Invalid, "A correction of this kind requires a member.",
            "Send the member that detail names."),
    ];

    private static IEnumerable<ProblemType> OfReads =>
    [
        new(
            "malformed_version", RefusalKind.Malformed, "version is not a number from 1, or is combined with an instant.",
            "Give either a version or instants."),
        new(
            "account_not_open_yet", RefusalKind.NotFound, "The account was not open at that moment.",
            "Ask for a moment from openedAt on.", "openedAt"),
        new("version_not_found", RefusalKind.NotFound, "The account has no such version yet.", "Use a version up to version.", "version"),
        new(
            "movement_not_found", RefusalKind.NotFound, "There is no such movement, or the caller may not know that there is.",
            "Correct the id.", "id"),
        new(
            "refusal_not_found", RefusalKind.NotFound, "There is no such refusal, or the caller may not know that there is.",
            "Correct the id.", "refusal"),
    ];
}
