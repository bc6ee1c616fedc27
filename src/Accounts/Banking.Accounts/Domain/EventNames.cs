namespace Banking.Accounts.Domain;

/// <summary>
/// The present stored names of account events. A name never gets another shape: a new shape is a new version, under a new name, and the
/// former one is among the <see cref="Earlier.EarlierVersions"/>.
/// </summary>
public static class EventNames
{
    public static readonly IReadOnlyDictionary<Type, string> All = new Dictionary<Type, string>
    {
        [typeof(AccountOpened)] = "accounts.account-opened.v1",
        [typeof(DelegateAuthorized)] = "accounts.delegate-authorized.v1",
        [typeof(MoneyDeposited)] = "accounts.money-deposited.v3",
        [typeof(MoneyWithdrawn)] = "accounts.money-withdrawn.v3",
        [typeof(TransferSent)] = "accounts.transfer-sent.v3",
        [typeof(TransferReceived)] = "accounts.transfer-received.v3",
        [typeof(DifferenceBooked)] = "accounts.difference-booked.v1",
        [typeof(MovementReversed)] = "accounts.movement-reversed.v3",
        [typeof(MovementRebooked)] = "accounts.movement-rebooked.v3",
        [typeof(AccountFrozen)] = "accounts.account-frozen.v1",
        [typeof(AccountUnfrozen)] = "accounts.account-unfrozen.v1",
        [typeof(OverdraftLimitSet)] = "accounts.overdraft-limit-set.v1",
        [typeof(AccountClosed)] = "accounts.account-closed.v1",
        [typeof(AccountCarriedForward)] = "accounts.account-carried-forward.v1",
    };
}
