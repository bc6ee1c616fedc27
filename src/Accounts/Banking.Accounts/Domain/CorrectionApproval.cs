using Banking.Commands.Approvals;
using Banking.Commands.Decisions;

namespace Banking.Accounts.Domain;

/// <summary>What the approval of a correction relies on, and why it is required (ADR 0067).</summary>
internal static class CorrectionApproval
{
    /// <summary>Code of the refusal of a correction that was sent directly.</summary>
    public const string RequiredCode = "approval_required";

    /// <summary>The correction books more than the setting allows without an approval.</summary>
    private const string Amount = "amount";

    /// <summary>The corrected transaction is older than the setting allows without an approval.</summary>
    private const string Age = "age";

    /// <summary>The correction takes an account below what it allows.</summary>
    private const string Overdrawn = "overdrawn";

    /// <param name="original">
    /// The earliest known effective time of the transaction and of the beginning of its chain. A correction that is effective now must not
    /// make the transaction young.
    /// </param>
    /// <param name="accounts">All accounts of the correction.</param>
    /// <param name="events">The bookings of the correction; empty if it is refused.</param>
    /// <param name="allowOverdrawn">Whether the correction may overdraw an account: otherwise it was refused if it does.</param>
    public static CommandBasis Of(
        BookedTransaction corrected, DateTimeOffset original, IReadOnlyDictionary<Guid, Account> accounts, IReadOnlyList<NewEvent> events,
        bool allowOverdrawn, CorrectionApprovalRule rule, DateTimeOffset now)
    {
        var bookings = events.ToLookup(e => e.StreamId, e => (ICorrectionEvent)e.Data);
        var facts = new Dictionary<string, string>();
        var limits = new Dictionary<string, long>();
        var correction = Guards.TimelineOf(accounts[corrected.Booking.Account]).CorrectionOf(corrected.Id);
        facts[$"{corrected.PublicId}.correction"] =
            correction is { } id ? TransactionId.Format(corrected.Booking.Kind, corrected.Root, id) : "none";
        foreach (var account in accounts.Values.OrderBy(a => a.Id))
        {
            foreach (var (name, value) in ApprovalFacts.Of(account))
            {
                facts[name] = value;
            }

            if (allowOverdrawn && CorrectionGuards.Shortfall(account, [.. bookings[account.Id]], now) is > 0 and var shortfall)
            {
                limits[AccountId.Format(account.Id) + ".shortfall"] = shortfall;
            }
        }

        return new(Reasons(original, [.. bookings.SelectMany(b => b)], limits.Count > 0, rule, now), facts, limits);
    }

    private static List<string> Reasons(
        DateTimeOffset original, IReadOnlyList<ICorrectionEvent> bookings, bool isOverdrawn, CorrectionApprovalRule rule,
        DateTimeOffset now)
    {
        var reasons = new List<string>();
        if (bookings.Any(b => rule.IsAbove(b.Amount)))
        {
            reasons.Add(Amount);
        }

        if (bookings.Select(b => b.EffectiveAt).Append(original).Any(at => rule.IsOld(at, now)))
        {
            reasons.Add(Age);
        }

        if (isOverdrawn)
        {
            reasons.Add(Overdrawn);
        }

        return reasons;
    }
}
