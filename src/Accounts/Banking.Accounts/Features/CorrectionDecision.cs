using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Commands.Decisions;

namespace Banking.Accounts.Features;

/// <summary>The accounts that a correction of kind account names; null where it names none.</summary>
internal sealed record RightAccounts(Guid? Account = null, Guid? From = null, Guid? To = null);

/// <summary>
/// Decides a correction (ADR 0061) that is approved or needs no approval; <see cref="CorrectionApproval"/> says whether it does (ADR 0067).
/// </summary>
internal static class CorrectionDecision
{
    /// <summary>The largest number of bookings of a correction: a transfer on two accounts is replaced by one on two others.</summary>
    public const int MaxBookings = 4;

    /// <param name="corrected">The transaction as it was stored; it never changes.</param>
    /// <param name="accounts">All accounts of the correction, with their timelines.</param>
    /// <param name="ids"><see cref="MaxBookings"/> new ids. The first one becomes the id of the correction.</param>
    public static Decision Decide(
        CorrectTransaction command, BookedTransaction corrected, RightAccounts right, IReadOnlyDictionary<Guid, Account> accounts,
        IReadOnlyList<Guid> ids, CorrectionTimeLimit limit, DateTimeOffset now)
    {
        if (Guards.TimelineOf(accounts[corrected.Booking.Account]).CorrectionOf(corrected.Id) is { } other)
        {
            return new Decision.Refused(Refusal.Conflict(
                "already_corrected", "The transaction was corrected before: correct the correction.",
                ("transactionId", corrected.PublicId),
                ("correctionId", TransactionId.Format(corrected.Booking.Kind, corrected.Root, other))));
        }

        var (next, problem) = Next(command, corrected, right, limit, now);
        if (problem is not null)
        {
            return problem;
        }

        var events = Book(command, corrected, next, accounts, ids, now);
        if (ClosedPeriod.CheckCorrection(
            events.Select(e => ((IAccountEvent)e.Data).EffectiveAt), limit.Rule.OpenFrom,
            canBookNow: command.Kind != CorrectionKind.EffectiveDate) is { } closed)
        {
            return new Decision.Refused(closed);
        }

        foreach (var account in events.GroupBy(e => e.StreamId))
        {
            var bookings = account.Select(e => (ICorrectionEvent)e.Data).ToList();
            if (CorrectionGuards.Check(accounts[account.Key], bookings, now, command.AllowOverdrawn == true) is { } refusal)
            {
                return new Decision.Refused(refusal);
            }
        }

        return new Decision.Accepted(events);
    }

    /// <summary>Returns what the correction puts into effect, which is nothing for a reversal, or why it cannot.</summary>
    private static (Booking? Booking, Decision? Problem) Next(
        CorrectTransaction command, BookedTransaction corrected, RightAccounts right, CorrectionTimeLimit limit, DateTimeOffset now)
    {
        var booking = corrected.Booking;
        return command.Kind switch
        {
            _ when booking.Amount.IsZero => Refused(NothingToCorrect("The transaction moved no money.")),
            CorrectionKind.Reversal when !corrected.IsInEffect => (booking, null),
            _ when !corrected.IsInEffect => Refused(Refusal.RuleBroken(
                "nothing_in_effect", "The transaction is a reversal. It can only be reversed, which puts back what it took.",
                ("transactionId", corrected.PublicId))),
            CorrectionKind.Reversal or CorrectionKind.Duplicate => (null, null),
            CorrectionKind.Amount when command.Amount!.Value.Currency != booking.Amount.Currency => Refused(Refusal.RuleBroken(
                "currency_mismatch", $"The transaction is in {booking.Amount.Currency}, the amount is in {command.Amount.Value.Currency}.",
                ("accountCurrency", booking.Amount.Currency.Code), ("amountCurrency", command.Amount.Value.Currency.Code))),
            CorrectionKind.Amount when command.Amount == booking.Amount => Refused(NothingToCorrect("The transaction has this amount.")),
            CorrectionKind.Amount => (booking with { Amount = command.Amount!.Value }, null),
            CorrectionKind.EffectiveDate => WithTime(
                booking, new(EffectiveTime.Resolve(command.EffectiveAt, now), now, limit.EarliestAt(now))),
            CorrectionKind.Account => WithAccounts(booking, right),
            _ => throw new InvalidOperationException($"{command.Kind} is no kind of correction."),
        };
    }

    private static (Booking?, Decision?) WithTime(Booking booking, EffectiveTime time) =>
        time.Check() is { } refusal ? Refused(refusal)
        : time.At == booking.EffectiveAt ? Refused(NothingToCorrect("The transaction took effect at this time."))
        : (booking with { EffectiveAt = time.At }, null);

    private static (Booking?, Decision?) WithAccounts(Booking booking, RightAccounts right)
    {
        var isTransfer = booking.Kind == TransactionKind.Transfer;
        if (isTransfer ? right.Account is not null : right.From is not null || right.To is not null)
        {
            var unfit = isTransfer ? "accountId" : right.From is not null ? "fromAccountId" : "toAccountId";
            return (null, new Decision.Rejected(Refusal.Invalid(
                "correction_member_unfit",
                isTransfer ? "A transfer has fromAccountId and toAccountId." : "A deposit or withdrawal has accountId.", "#/" + unfit)));
        }

        var next = isTransfer
            ? booking with { Account = right.From ?? booking.Account, Payee = right.To ?? booking.Payee }
            : booking with { Account = right.Account!.Value };
        return next.Account == next.Payee
            ? Refused(Refusal.RuleBroken(
                "same_account", "The payer's and the payee's account must differ.", ("accountId", AccountId.Format(next.Account))))
            : next == booking ? Refused(NothingToCorrect("The transaction is on this account."))
            : (next, null);
    }

    private static List<NewEvent> Book(
        CorrectTransaction command, BookedTransaction corrected, Booking? next, IReadOnlyDictionary<Guid, Account> accounts,
        IReadOnlyList<Guid> ids, DateTimeOffset now)
    {
        var link = new CorrectionLink(
            ids[0], corrected.Id, corrected.Root, corrected.Booking.Kind, command.Kind, command.AllowOverdrawn == true ? true : null);
        var events = new List<NewEvent>();
        var others = 0;
        if (corrected.IsInEffect)
        {
            var before = corrected.Booking;
            Add(before, hasId: next is null, (side, other) => new MovementReversed(
                link, side.Opposite(), before.Amount, At(before), before.BankSide, other, before.Details));
        }

        if (next is not null)
        {
            Add(next, hasId: true, (side, other) => new MovementRebooked(
                link, side, next.Amount, At(next), next.BankSide, other, next.Details));
        }

        return events;

        DateTimeOffset At(Booking booking) => command.Effective == CorrectionTime.Now ? now : booking.EffectiveAt;

        void Add(Booking booking, bool hasId, Func<Direction, OtherAccount?, IAccountEvent> make)
        {
            foreach (var (account, direction, other) in booking.Sides)
            {
                // The event on the account that the next correction must change has the correction's id.
                var id = hasId && account == booking.Account ? ids[0] : ids[++others];
                events.Add(new(account, id, make(direction, other is { } o ? new(o, accounts[o].Number) : null)));
            }
        }
    }

    private static (Booking?, Decision?) Refused(Refusal refusal) => (null, new Decision.Refused(refusal));

    private static Refusal NothingToCorrect(string detail) => Refusal.RuleBroken("nothing_to_correct", detail);
}
