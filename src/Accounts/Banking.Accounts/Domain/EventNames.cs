namespace Banking.Accounts.Domain;

/// <summary>
/// The stored names of account events. A name never changes and never gets another shape: a new shape is a new version.
/// </summary>
public static class EventNames
{
    public static readonly IReadOnlyDictionary<Type, string> All = new Dictionary<Type, string>
    {
        [typeof(AccountOpened)] = "accounts.account-opened.v1",
        [typeof(DelegateAuthorized)] = "accounts.delegate-authorized.v1",
        [typeof(MoneyDeposited)] = "accounts.money-deposited.v1",
        [typeof(MoneyWithdrawn)] = "accounts.money-withdrawn.v1",
        [typeof(TransferSent)] = "accounts.transfer-sent.v1",
        [typeof(TransferReceived)] = "accounts.transfer-received.v1",
        [typeof(CorrectionBooked)] = "accounts.correction-booked.v1",
        [typeof(MovementReversed)] = "accounts.movement-reversed.v1",
        [typeof(MovementRebooked)] = "accounts.movement-rebooked.v1",
        [typeof(AccountFrozen)] = "accounts.account-frozen.v1",
        [typeof(AccountUnfrozen)] = "accounts.account-unfrozen.v1",
        [typeof(OverdraftLimitSet)] = "accounts.overdraft-limit-set.v1",
        [typeof(AccountClosed)] = "accounts.account-closed.v1",
        [typeof(AccountCarriedForward)] = "accounts.account-carried-forward.v1",
    };
}
