using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Commands.Decisions;
using Banking.Web.Http;

namespace Banking.Accounts.Views;

/// <summary>A correction in the answer to its command.</summary>
/// <param name="Corrects">The corrected transaction, which may be a correction.</param>
/// <param name="TransactionId">The deposit, withdrawal or transfer at the beginning of the chain.</param>
/// <param name="Accounts">The accounts concerned, after the correction.</param>
public sealed record CorrectionView(
    string Id, string Status, string Corrects, string TransactionId, CorrectionKind Kind, IReadOnlyList<BookingView> Bookings,
    IReadOnlyList<CorrectedAccountView> Accounts, DateTimeOffset RecordedAt, string ReasonCode, string? Reason)
{
    internal static CorrectionView Of(
        BookedTransaction corrected, IReadOnlyList<NewEvent> events, IReadOnlyList<Account> accounts, DateTimeOffset now,
        string reasonCode, string? reason)
    {
        var link = ((ICorrectionEvent)events[0].Data).Correction;
        return new(
            Domain.TransactionId.Format(link.Of, link.Transaction, link.Id),
            "completed",
            corrected.PublicId,
            Domain.TransactionId.Format(link.Of, link.Transaction, link.Transaction),
            link.Kind,
            [.. events.Select(e => BookingView.Of(e.StreamId, (ICorrectionEvent)e.Data))],
            [.. accounts.Where(a => events.Any(e => e.StreamId == a.Id)).Select(CorrectedAccountView.Of)],
            now,
            reasonCode,
            reason);
    }
}

/// <summary>What a transaction books on one account.</summary>
/// <param name="Type">booked, reversed or rebooked.</param>
public sealed record BookingView(string AccountId, string Type, Direction Direction, Amount Amount, DateTimeOffset EffectiveAt)
{
    internal static BookingView Of(Guid account, ICorrectionEvent e) => new(
        Domain.AccountId.Format(account), e is MovementReversed ? "reversed" : "rebooked", e.Direction,
        Banking.Web.Http.Amount.Of(e.Amount), e.EffectiveAt);
}

/// <summary>An account after a correction.</summary>
public sealed record CorrectedAccountView(string Id, string Number, Amount Balance, Amount Available, long Version)
{
    internal static CorrectedAccountView Of(Account account) => new(
        AccountId.Format(account.Id), account.Number.Value, Amount.Of(account.Balance), Amount.Of(account.Available), account.Version);
}
