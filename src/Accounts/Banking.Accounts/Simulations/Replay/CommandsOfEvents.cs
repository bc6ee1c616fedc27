using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.SharedKernel;

namespace Banking.Accounts.Simulations.Replay;

/// <summary>The command that an event came from. There is one mapping for each kind of event.</summary>
internal static class CommandsOfEvents
{
    /// <summary>Not stored again, so its content does not matter.</summary>
    private const string Reason = "simulation";

    /// <param name="data">An event of the role <see cref="EventRole.Command"/>.</param>
    public static SimulatedCommand Of(Guid account, object data, DateTimeOffset recordedAt) => data switch
    {
        MoneyDeposited e => Deposit(account, e.Amount, e.BankSide, Claimed(e, recordedAt), e.Details),
        MoneyWithdrawn e => Withdrawal(account, e.Amount, e.BankSide, Claimed(e, recordedAt), e.Details),
        TransferSent e => Transfer(account, e.To, e.Amount, Claimed(e, recordedAt), e.Details),
        TransferReceived e => Transfer(e.From, account, e.Amount, Claimed(e, recordedAt), e.Details),
        AccountFrozen e => Freeze(account, e.Scope),
        AccountUnfrozen e => Unfreeze(account, e.Scope),
        OverdraftLimitSet e => Limit(account, e.Limit),
        AccountClosed => Close(account),
        _ => throw new InvalidOperationException($"{data.GetType().Name} comes from no command of one event."),
    };

    public static SimulatedCommand Deposit(
        Guid account, Money amount, BankSide side, DateTimeOffset? effectiveAt, MovementDetails? details = null) => SimulatedCommand.Of(
        DepositMoneyHandler.Definition, new(Reason, AccountId.Format(account), amount, side, effectiveAt, details?.Reference, Reason,
            details?.Purpose?.Code, details?.EndToEndId, details?.Counterparty), amount,
        account);

    public static SimulatedCommand Withdrawal(
        Guid account, Money amount, BankSide side, DateTimeOffset? effectiveAt, MovementDetails? details = null) => SimulatedCommand.Of(
        WithdrawMoneyHandler.Definition, new(Reason, AccountId.Format(account), amount, side, effectiveAt, details?.Reference, Reason,
            details?.Purpose?.Code, details?.EndToEndId, details?.Counterparty), amount,
        account);

    public static SimulatedCommand Transfer(
        Guid from, Guid to, Money amount, DateTimeOffset? effectiveAt, MovementDetails? details = null) => SimulatedCommand.Of(
        TransferMoneyHandler.Definition,
        new(Reason, AccountId.Format(from), AccountId.Format(to), amount, effectiveAt, details?.Reference, Reason,
            details?.Purpose?.Code, details?.EndToEndId), amount, from, to);

    public static SimulatedCommand Freeze(Guid account, FreezeScope scope) => SimulatedCommand.Of(
        FreezeAccountHandler.Definition, new(Reason, AccountId.Format(account), scope, Reason, Reason), null, account);

    public static SimulatedCommand Unfreeze(Guid account, FreezeScope scope) => SimulatedCommand.Of(
        UnfreezeAccountHandler.Definition, new(Reason, AccountId.Format(account), scope, Reason, Reason), null, account);

    public static SimulatedCommand Limit(Guid account, Money limit) => SimulatedCommand.Of(
        ChangeOverdraftLimitHandler.Definition,
        new(Reason, AccountId.Format(account), limit.ToDecimalString(), Reason, Reason), null, account);

    public static SimulatedCommand Close(Guid account) => SimulatedCommand.Of(
        CloseAccountHandler.Definition, new(Reason, AccountId.Format(account), Reason, Reason), null, account);

    /// <summary>The command claimed a time only if the event took effect before it was recorded.</summary>
    private static DateTimeOffset? Claimed(IAccountEvent e, DateTimeOffset recordedAt) =>
        e.EffectiveAt < recordedAt ? e.EffectiveAt : null;
}
