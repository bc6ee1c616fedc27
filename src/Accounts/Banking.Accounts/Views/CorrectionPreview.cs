using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Commands.Decisions;
using Banking.SharedKernel;
using Banking.Web.Http;

namespace Banking.Accounts.Views;

/// <summary>What a correction would do. Nothing was stored.</summary>
/// <param name="DryRun">Always true.</param>
/// <param name="Corrects">The transaction that would be corrected.</param>
/// <param name="TransactionId">The deposit, withdrawal or transfer at the beginning of the chain.</param>
/// <param name="Bookings">The events that would be stored.</param>
/// <param name="KnownAt">The instant of the decision: the balances before are as known by then.</param>
/// <param name="Approval">Why the correction needs an approval; absent if it needs none.</param>
public sealed record CorrectionPreview(
    bool DryRun, string Corrects, string TransactionId, CorrectionKind Kind, IReadOnlyList<BookingView> Bookings,
    DateTimeOffset KnownAt, IReadOnlyList<PreviewedAccount> Accounts, NeededApproval? Approval = null)
{
    internal static CorrectionPreview Of(
        BookedTransaction corrected, IReadOnlyList<NewEvent> events, DateTimeOffset now, IReadOnlyList<PreviewedAccount> accounts)
    {
        var link = ((ICorrectionEvent)events[0].Data).Correction;
        return new(
            true,
            corrected.PublicId,
            Domain.TransactionId.Format(link.Of, link.Transaction, link.Transaction),
            link.Kind,
            [.. events.Select(e => BookingView.Of(e.StreamId, (ICorrectionEvent)e.Data))],
            now,
            accounts);
    }
}

/// <summary>The approval that a command needs.</summary>
/// <param name="Reasons">Codes of the rules that require it.</param>
/// <param name="ProposeBy">The request that proposes the command.</param>
public sealed record NeededApproval(IReadOnlyList<string> Reasons, string ProposeBy);

/// <summary>An account that a correction would change.</summary>
/// <param name="Version">Its version now.</param>
/// <param name="Balances">Its balance at each effective time of a booking, and now.</param>
/// <param name="Statements">The issued statements of periods that a restatement would supersede.</param>
public sealed record PreviewedAccount(
    string Id, string Number, long Version, IReadOnlyList<PreviewedBalance> Balances, IReadOnlyList<string> Statements);

/// <summary>A balance at an effective time.</summary>
/// <param name="KnownBefore">As the bank knows it now. A question with an earlier knownAt is answered without the correction for
/// ever.</param>
/// <param name="KnownAfter">As the bank would know it after the correction.</param>
public sealed record PreviewedBalance(DateTimeOffset EffectiveAt, Amount KnownBefore, Amount KnownAfter)
{
    internal static PreviewedBalance Of(DateTimeOffset effectiveAt, MoneySum before, IEnumerable<ICorrectionEvent> bookings) => new(
        effectiveAt,
        Amount.Of(before),
        Amount.Of(bookings.Where(b => b.EffectiveAt <= effectiveAt).Aggregate(before, (sum, b) => sum + b.SignedAmount)));
}
