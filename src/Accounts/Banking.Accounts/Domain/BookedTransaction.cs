using Banking.Accounts.Contracts;
using Banking.SharedKernel;
using JasperFx.Events;

namespace Banking.Accounts.Domain;

/// <summary>A deposit, withdrawal, transfer or correction as a further correction sees it.</summary>
/// <param name="Id">Its id; also the id of its event on <see cref="Booking.Account"/>.</param>
/// <param name="Root">The deposit, withdrawal or transfer at the beginning of the chain; the same as the id unless this is a
/// correction.</param>
/// <param name="IsInEffect">False for a reversal.</param>
/// <param name="Booking">What the transaction leaves in effect; for a reversal, what it took.</param>
internal sealed record BookedTransaction(Guid Id, Guid Root, bool IsInEffect, Booking Booking)
{
    public string PublicId => TransactionId.Format(Booking.Kind, Root, Id);

    /// <summary>Reads the transaction from the event that has its id; null if the event is no transaction.</summary>
    public static BookedTransaction? Of(IEvent e) => Of(e.Id, e.StreamId, e.Data);

    /// <summary>Reads the transaction from an event that need not be stored.</summary>
    public static BookedTransaction? Of(Guid id, Guid account, object data) => data switch
    {
        MoneyDeposited m => new(
            id, id, true, new(TransactionKind.Deposit, account, null, m.Amount, m.BankSide, m.EffectiveAt, m.Details)),
        MoneyWithdrawn m => new(
            id, id, true, new(TransactionKind.Withdrawal, account, null, m.Amount, m.BankSide, m.EffectiveAt, m.Details)),
        TransferSent m => new(
            id, id, true, new(TransactionKind.Transfer, account, m.To, m.Amount, null, m.EffectiveAt, m.Details)),
        ICorrectionEvent c when c.Correction.Id == id => new(
            id, c.Correction.Transaction, c is MovementRebooked,
            new(c.Correction.Of, account, c.Other?.Id, c.Amount, c.BankSide, c.EffectiveAt, c.Details)),
        _ => null,
    };
}

/// <summary>What one transaction books, on one account or, for a transfer, on two.</summary>
/// <param name="Account">The account; of a transfer, the payer's.</param>
/// <param name="Payee">The payee's account of a transfer.</param>
/// <param name="BankSide">The bank's own leg; null for a transfer.</param>
internal sealed record Booking(
    TransactionKind Kind, Guid Account, Guid? Payee, Money Amount, BankSide? BankSide, DateTimeOffset EffectiveAt,
    MovementDetails? Details)
{
    /// <summary>The accounts, each with the direction of its movement and the account on the other side of a transfer.</summary>
    public IReadOnlyList<(Guid Account, Direction Direction, Guid? Other)> Sides => Payee is { } payee
        ? [(Account, Direction.Debit, payee), (payee, Direction.Credit, Account)]
        : [(Account, Kind == TransactionKind.Deposit ? Direction.Credit : Direction.Debit, null)];
}
