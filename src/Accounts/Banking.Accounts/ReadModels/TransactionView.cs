using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Views;
using Banking.EventStore.Appending;
using Banking.EventStore.Callers;
using JasperFx.Events;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// A transaction, what it booked, and its present form. A customer sees the bookings on accounts that the customer may see.
/// </summary>
/// <param name="Type">deposit, withdrawal, transfer or correction.</param>
/// <param name="Status">completed: in effect as it was booked. corrected: the booking of a correction is in effect. reversed: nothing is in
/// effect on the accounts that the caller may see.</param>
/// <param name="TransactionId">The deposit, withdrawal or transfer at the beginning of the chain.</param>
/// <param name="Bookings">What the transaction itself booked.</param>
/// <param name="Present">What is in effect, after all corrections.</param>
/// <param name="Corrections">All corrections of the chain, oldest first.</param>
/// <param name="PurposeCode">A purpose code of ISO 20022.</param>
/// <param name="EndToEndId">The payer's id of the payment.</param>
public sealed record TransactionView(
    string Id, string Type, string Status, string TransactionId, DateTimeOffset RecordedAt, string? Reference, string? Actor,
    ReasonView? Reason, IReadOnlyList<BookingView> Bookings, PresentView Present, IReadOnlyList<CorrectionLinkView> Corrections,
    string? PurposeCode, string? EndToEndId)
{
    /// <param name="e">The event of the transaction.</param>
    /// <param name="chain">The event at the beginning of the chain, and all bookings of its corrections.</param>
    /// <param name="visible">The accounts that the caller may see.</param>
    internal static TransactionView Of(
        BookedTransaction transaction, IEvent e, IReadOnlyList<IEvent> chain, IReadOnlySet<Guid> visible, Caller caller)
    {
        var root = BookedTransaction.Of(chain[0])!;
        var steps = chain.Skip(1).GroupBy(c => ((ICorrectionEvent)c.Data).Correction.Id).ToList();
        var head = steps.Count == 0 ? root : BookedTransaction.Of(steps[^1].Single(c => c.Id == steps[^1].Key))!;
        IReadOnlyList<BookingView> inEffect = head.IsInEffect ? Visible(Booked(head)) : [];
        var isCorrection = transaction.Id != root.Id;
        return new(
            transaction.PublicId,
            isCorrection ? "correction" : Name(transaction.Booking.Kind),
            inEffect.Count == 0 ? "reversed" : head.Id == transaction.Id ? "completed" : "corrected",
            root.PublicId,
            e.Timestamp,
            transaction.Booking.Details?.Reference,
            caller.CanSeeOrigin(e) ? e.UserName : null,
            ReasonOf(e, caller),
            Visible(isCorrection ? Of(steps.Single(s => s.Key == transaction.Id)) : Booked(transaction)),
            new(head.PublicId, inEffect),
            [.. steps.Where(s => s.Any(c => visible.Contains(c.StreamId))).Select(s => CorrectionLinkView.Of(s.First(), caller))],
            transaction.Booking.Details?.Purpose?.Code,
            transaction.Booking.Details?.EndToEndId);

        IReadOnlyList<BookingView> Visible(IEnumerable<(Guid Account, BookingView View)> bookings) =>
            [.. bookings.Where(b => visible.Contains(b.Account)).Select(b => b.View)];
    }

    private static IEnumerable<(Guid, BookingView)> Of(IEnumerable<IEvent> bookings) =>
        bookings.Select(c => (c.StreamId, BookingView.Of(c.StreamId, (ICorrectionEvent)c.Data)));

    private static IEnumerable<(Guid, BookingView)> Booked(BookedTransaction transaction) => transaction.Booking.Sides.Select(side => (
        side.Account,
        new BookingView(
            AccountId.Format(side.Account), transaction.Id == transaction.Root ? "booked" : "rebooked", side.Direction,
            Banking.Web.Http.Amount.Of(transaction.Booking.Amount), transaction.Booking.EffectiveAt)));

    internal static ReasonView? ReasonOf(IEvent e, Caller caller)
    {
        var (code, text) = (e.Header(HeaderNames.ReasonCode), e.Header(HeaderNames.ReasonText));
        return !caller.CanSeeOrigin(e) || (code is null && text is null) ? null : new(code, text);
    }

    private static string Name(TransactionKind kind) => kind switch
    {
        TransactionKind.Deposit => "deposit",
        TransactionKind.Withdrawal => "withdrawal",
        TransactionKind.Transfer => "transfer",
        _ => throw new InvalidOperationException($"{kind} is not a kind of transaction."),
    };
}

/// <summary>What of a chain is in effect.</summary>
/// <param name="Id">The last transaction of the chain: the one that a further correction names.</param>
/// <param name="Bookings">Empty if nothing is in effect.</param>
public sealed record PresentView(string Id, IReadOnlyList<BookingView> Bookings);

/// <summary>A correction in the list of a transaction.</summary>
/// <param name="Actor">Shown only to staff and to this actor; so is the reason.</param>
public sealed record CorrectionLinkView(
    string Id, string Corrects, CorrectionKind Kind, DateTimeOffset RecordedAt, string? Actor, ReasonView? Reason, string Href)
{
    internal static CorrectionLinkView Of(IEvent e, Caller caller)
    {
        var link = ((ICorrectionEvent)e.Data).Correction;
        var id = TransactionId.Format(link.Of, link.Transaction, link.Id);
        return new(
            id, TransactionId.Format(link.Of, link.Transaction, link.Corrects), link.Kind, e.Timestamp,
            caller.CanSeeOrigin(e) ? e.UserName : null, TransactionView.ReasonOf(e, caller), $"/v1/transactions/{id}");
    }
}
