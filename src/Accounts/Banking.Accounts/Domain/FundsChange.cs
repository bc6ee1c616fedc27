using Banking.Accounts.Contracts;
using Banking.SharedKernel;

namespace Banking.Accounts.Domain;

/// <summary>
/// The effect of one event on the balance and the overdraft limit of its account. The account's state, balances of the past and the
/// entries all fold this, so that they cannot disagree.
/// </summary>
/// <param name="Amount">The change of the balance; null if the event moves no money.</param>
/// <param name="OverdraftLimit">The new overdraft limit; null if the event does not set it.</param>
public readonly record struct FundsChange(Money? Amount, Money? OverdraftLimit)
{
    /// <exception cref="InvalidOperationException">The event is not an account event that this version knows.</exception>
    public static FundsChange Of(object @event) => @event switch
    {
        IMovement movement => new(movement.SignedAmount, null),
        AccountOpened opened => new(null, opened.OverdraftLimit),
        OverdraftLimitSet set => new(null, set.Limit),
        DelegateAuthorized or AccountFrozen or AccountUnfrozen or AccountClosed or AccountCarriedForward => default,
        _ => throw new InvalidOperationException($"{@event?.GetType().Name ?? "null"} is not an event of an account."),
    };
}
