using Banking.Commands.Decisions;
using Banking.Web.Http;

namespace Banking.Web.OpenApi;

/// <summary>Problems of values, reads and approvals that several modules share.</summary>
internal static class SharedProblems
{
    public static IReadOnlyList<ProblemType> All { get; } = [.. OfReads, .. OfValues, .. OfApprovals];

    private static IEnumerable<ProblemType> OfReads =>
    [
        new("malformed_limit", RefusalKind.Malformed, "limit is not a number in its range.", "Correct it, or leave it out."),
        new(
            "malformed_cursor", RefusalKind.Malformed, "cursor is not a value that nextCursor of this list gave for the same filters.",
            "Start at the first page."),
        new("malformed_filter", RefusalKind.Malformed, "The value of a filter cannot be one.", "Correct the parameter that detail names."),
        new(
            "malformed_position", RefusalKind.Malformed, "A position is not a number that the bank gave.",
            "Send the value of a Ledger-Position.") { FurtherKinds = [RefusalKind.Invalid] },
        new(
            "malformed_epoch", RefusalKind.Malformed, "An epoch is not one that the bank gave.",
            "Send the value of a Ledger-Epoch."),
        new(
            "epoch_changed", RefusalKind.Conflict,
            "The database was restored to an earlier state since the position was given.",
            "Drop the events from firstPosition on, and read on from the position before it, with the new epoch.",
            "epoch", "firstPosition"),
        new("malformed_prefer", RefusalKind.Malformed, "wait in Prefer is not a number of seconds.", "Send wait=5, or leave it out."),
        new(
            "min_position_not_supported", RefusalKind.Malformed, "The answer has no position in the log.",
            "Leave out Ledger-Min-Position."),
        new(
            "position_beyond_end", RefusalKind.BeyondEnd,
            "The position is beyond the end of the log; the database may have been restored to an earlier state.",
            "Start again from end, after you have checked what was lost.", "position", "end"),
        new(
            "read_model_building", RefusalKind.Unavailable, "A newer version of the bank is building the data for this answer.",
            "Repeat the request later."),
        new(
            "too_many_streams", RefusalKind.TooManyRequests, "Too many streams of events are open, of the caller or of the host.",
            "Close a stream, or repeat the request after Retry-After.", "scope", "limit", "retryAfterSeconds")
        { FurtherKinds = [RefusalKind.Unavailable] },
        new(
            "known_in_future", RefusalKind.RuleBroken, "knownAt is in the future.",
            "Give an instant of the past, or leave it out.", "knownAt", "now"),
    ];

    private static IEnumerable<ProblemType> OfApprovals =>
    [
        new(
            "approval_required", RefusalKind.RuleBroken, "A second person must approve the command.",
            "Propose it by the request in proposeBy.", "transactionId", "month", "approvalReasons", "proposeBy"),
        new(
            "malformed_propose", RefusalKind.Malformed, "propose is neither true nor false, or is combined with dryRun.",
            "Correct propose, or leave it out."),
        new("malformed_dry_run", RefusalKind.Malformed, "dryRun is neither true nor false.", "Correct dryRun, or leave it out."),
    ];

    private static IEnumerable<ProblemType> OfValues =>
    [
        new(
            "malformed_time", RefusalKind.Malformed,
            "A value is neither an instant of RFC 3339 nor, where days are accepted, a day from 1900 to 9999; or tz is not a time zone.",
            "Send an instant with an offset, a local time with tz, or a day where days are accepted."),
        new(
            "local_time_skipped", RefusalKind.Invalid, "The local time does not exist, because daylight saving time skipped it.",
            "Send one of candidates.", "candidates"),
        new(
            "local_time_doubled", RefusalKind.Invalid, "The local time occurred twice, because daylight saving time ended.",
            "Send one of candidates.", "candidates"),
        new(
            "time_zone_not_applicable", RefusalKind.Malformed,
            "tz is given without a local time or a day to which it applies, or for the ledger, whose days are those of UTC.",
            "Leave out tz."),
        new("malformed_date", RefusalKind.Malformed, "A value is not a day.", "Send a day such as 2026-11-17.")
        { FurtherKinds = [RefusalKind.Invalid] },
        new("malformed_period", RefusalKind.Malformed, "The period ends before it begins.", "Correct from and to.")
        { FurtherKinds = [RefusalKind.Invalid] },
        new(
            "malformed_account", RefusalKind.Malformed, "account is not the id of an account.",
            "Send an id, acc_….") { FurtherKinds = [RefusalKind.Invalid] },
        new("malformed_customer_id", RefusalKind.Malformed, "customerId is not the id of a customer.", "Send an id, cus_…."),
        new(
            "invalid_account_number", RefusalKind.Invalid, "The account number is not an IBAN with valid check digits.",
            "Correct the number.") { FurtherKinds = [RefusalKind.Malformed] },
        new(
            "unknown_currency", RefusalKind.Invalid, "The currency is not one of ISO 4217, or is not active.",
            "Send an ISO 4217 code.") { FurtherKinds = [RefusalKind.Malformed] },
        new(
            "invalid_amount", RefusalKind.Invalid, "The amount has a sign, too many decimals, or is too large.",
            "Send decimal digits with a point, such as \"125.50\".") { FurtherKinds = [RefusalKind.Malformed] },
        new(
            "amount_not_positive", RefusalKind.Invalid, "The amount is not above zero.",
            "Send an amount above zero.") { FurtherKinds = [RefusalKind.Malformed] },
        new(
            "invalid_text", RefusalKind.Invalid, "A text is too long, blank, or has characters that cannot be printed.",
            "Correct the member that errors points to.") { FurtherKinds = [RefusalKind.Malformed] },
        new(
            "reason_required", RefusalKind.Invalid, "The reason, or its code, is missing.",
            "Send both, where both are members.") { FurtherKinds = [RefusalKind.Malformed] },
        new(
            "period_not_ended", RefusalKind.RuleBroken, "The period has not ended, in UTC.",
            "Repeat the request ten seconds after endsAt, with another key.", "endsAt", "month"),
        new("unknown_type", RefusalKind.Invalid, "There is no such type of published event.", "Use a name of GET /contracts."),
        new(
            "account_not_found", RefusalKind.NotFound, "There is no such account, or the caller may not know that there is.",
            "Correct the account.", "account"),
        new(
            "customer_not_found", RefusalKind.NotFound, "There is no such customer, or the caller may not know that there is.",
            "Correct the customer.", "customer"),
    ];
}
