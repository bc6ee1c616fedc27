using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Statements.Formats;
using Banking.EventStore.Json;
using Banking.SharedKernel;
using JasperFx.Events;

namespace Banking.Accounts.Statements;

/// <summary>
/// Makes the entry of a statement from its event. It does not use the entry of the API, which may change: what is made here is hashed.
/// </summary>
internal static class StoredEntry
{
    public static StatementEntry Of(IEvent e, Money? balance)
    {
        var movement = (IMovement)e.Data;
        (string Type, string Prefix, Guid Id, MovementDetails? Details, string? Other) entry = movement switch
        {
            MoneyDeposited m => ("deposit", MovementId.Deposit, e.Id, m.Details, null),
            MoneyWithdrawn m => ("withdrawal", MovementId.Withdrawal, e.Id, m.Details, null),
            TransferSent m => ("transfer-sent", MovementId.Transfer, m.TransferId, m.Details, m.ToNumber.Value),
            TransferReceived m => ("transfer-received", MovementId.Transfer, m.TransferId, m.Details, m.FromNumber.Value),
            DifferenceBooked => ("correction", TransactionId.Correction, e.Id, null, null),
            MovementReversed m => ("reversed", TransactionId.Correction, m.Correction.Id, m.Details, m.Other?.Number.Value),
            MovementRebooked m => ("rebooked", TransactionId.Correction, m.Correction.Id, m.Details, m.Other?.Number.Value),
            _ => throw new InvalidOperationException($"{movement.GetType().Name} cannot be an entry of a statement."),
        };
        (string? Class, string? Corrects) correction = movement switch
        {
            DifferenceBooked m => (m.Cause, PublicId.Format("evt", m.Movement)),
            ICorrectionEvent { Correction: var link } => (
                WireNames.Of(link.Kind.ToString()), TransactionId.Format(link.Of, link.Transaction, link.Corrects)),
            _ => (null, null),
        };
        return new(
            PublicId.Format(entry.Prefix, entry.Id), entry.Type, movement.Direction, movement.Amount, balance, e.Version,
            movement.EffectiveAt, e.Timestamp, entry.Details, entry.Other, correction.Class, correction.Corrects);
    }
}
