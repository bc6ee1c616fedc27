using Banking.Accounts.Contracts.Published;
using Banking.Accounts.Statements.Domain;
using Banking.Commands.Receipts;
using Banking.EventStore.Published;
using Banking.SharedKernel;

namespace Banking.Accounts.Domain;

/// <summary>
/// The published form of each account event. All are published but <see cref="AccountCarriedForward"/>, which changes nothing. Personal
/// data is left out: names, account numbers, references, reasons and accounts at other banks. Refused transfers and issued statements are
/// published too.
/// </summary>
public static class AccountContracts
{
    public static IReadOnlyList<PublicContract> All { get; } =
    [
        Of<AccountOpened, AccountOpenedV1>("account-opened.v1", e =>
            new(CustomerId(e.Owner), e.Product, e.OverdraftLimit.Currency.Code, Amount(e.OverdraftLimit), e.EffectiveAt)),
        Of<DelegateAuthorized, DelegateAuthorizedV1>("delegate-authorized.v1", e => new(CustomerId(e.Customer), e.EffectiveAt)),
        Of<AccountFrozen, AccountFrozenV1>("account-frozen.v1", e => new(e.Scope, e.EffectiveAt)),
        Of<AccountUnfrozen, AccountUnfrozenV1>("account-unfrozen.v1", e => new(e.Scope, e.EffectiveAt)),
        Of<OverdraftLimitSet, OverdraftLimitChangedV1>("overdraft-limit-changed.v1", e => new(Amount(e.Limit), e.EffectiveAt)),
        Of<AccountClosed, AccountClosedV1>("account-closed.v1", e => new(e.EffectiveAt)),
        Of<MoneyDeposited, MoneyDepositedV1>("money-deposited.v1", (e, id) =>
            new(PublicId.Format(MovementId.Deposit, id), Amount(e.Amount), e.BankSide, e.EffectiveAt)),
        Of<MoneyWithdrawn, MoneyWithdrawnV1>("money-withdrawn.v1", (e, id) =>
            new(PublicId.Format(MovementId.Withdrawal, id), Amount(e.Amount), e.BankSide, e.EffectiveAt)),
        Of<TransferSent, TransferSentV1>("transfer-sent.v1", e =>
            new(PublicId.Format(MovementId.Transfer, e.TransferId), AccountId.Format(e.To), Amount(e.Amount), e.EffectiveAt)),
        Of<TransferReceived, TransferReceivedV1>("transfer-received.v1", e =>
            new(PublicId.Format(MovementId.Transfer, e.TransferId), AccountId.Format(e.From), Amount(e.Amount), e.EffectiveAt)),
        Of<DifferenceBooked, CorrectionBookedV1>("correction-booked.v1", e =>
            new(PublicId.Format("evt", e.Movement), e.Cause, e.Direction, Amount(e.Amount), e.EffectiveAt)),
        Of<MovementReversed, MovementReversedV1>("movement-reversed.v1", e => new(
            CorrectionId(e), CorrectsId(e), FirstId(e), e.Correction.Kind, e.Direction, Amount(e.Amount), e.EffectiveAt)),
        Of<MovementRebooked, MovementRebookedV1>("movement-rebooked.v1", e => new(
            CorrectionId(e), CorrectsId(e), FirstId(e), e.Correction.Kind, e.Direction, Amount(e.Amount), e.EffectiveAt)),
        new("banking.account.statement-issued.v1", typeof(StatementIssued), typeof(StatementIssuedV1), AccountId.Prefix)
        {
            ToData = e => Statement((StatementIssued)e.Data),
            About = e => ((StatementIssued)e.Data).Account,
            StoredIn = AccountStatements.IdOf,
        },
        new("banking.account.transfer-refused.v1", typeof(CommandRefused), typeof(TransferRefusedV1), AccountId.Prefix)
        {
            // The event type is that of every refusal in the bank: publish transfers only, under the account that would have paid.
            ToData = e => e.Data is CommandRefused refused && TransferOperation.Is(refused.Operation)
                ? new TransferRefusedV1(PublicId.Format(RefusalId.Prefix, e.StreamId), refused.Code, refused.EffectiveAt)
                : null,
            About = e => ((CommandRefused)e.Data).Subject,
        },
    ];

    private static PublicContract Of<TStored, TData>(string name, Func<TStored, TData> publish)
        where TStored : class
        where TData : class => Of<TStored, TData>(name, (e, _) => publish(e));

    /// <param name="publish">Makes the published data from the event and its id, which is also the movement's id.</param>
    private static PublicContract Of<TStored, TData>(string name, Func<TStored, Guid, TData> publish)
        where TStored : class
        where TData : class =>
        new("banking.account." + name, typeof(TStored), typeof(TData), AccountId.Prefix) { ToData = e => publish((TStored)e.Data, e.Id) };

    private static string CorrectionId(ICorrectionEvent e) => PublicId.Format(TransactionId.Correction, e.Correction.Id);

    private static string CorrectsId(ICorrectionEvent e) =>
        TransactionId.Format(e.Correction.Of, e.Correction.Transaction, e.Correction.Corrects);

    private static string FirstId(ICorrectionEvent e) =>
        TransactionId.Format(e.Correction.Of, e.Correction.Transaction, e.Correction.Transaction);

    private static StatementIssuedV1 Statement(StatementIssued e) => new(
        StatementId.Format(e.Statement), e.Number, e.From, e.To, e.KnownAt, e.ContentHash,
        e.Supersedes is { } earlier ? StatementId.Format(earlier) : null);

    private static string CustomerId(Guid id) => PublicId.Format("cus", id);

    private static PublicAmount Amount(Money money) => new(money.ToDecimalString(), money.Currency.Code);
}
