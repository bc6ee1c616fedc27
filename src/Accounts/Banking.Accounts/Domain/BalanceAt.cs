using Banking.Accounts.Contracts;
using Banking.Platform.Following;
using Banking.SharedKernel;
using JasperFx.Events;

namespace Banking.Accounts.Domain;

/// <summary>
/// The balance on both time axes: of what counted at one instant, as far as the bank knew it at another. A backdated event rewrites
/// nothing: asked as of before it was known, the answer is what it was then.
/// </summary>
/// <param name="Balance">
/// A sum, wider than a balance: each booking was held to what an account can keep at that moment, in the order of booking; by when they
/// count, any number of them may come before those that took the money out again.
/// </param>
public sealed record BalanceAt(MoneySum Balance, Money OverdraftLimit, IEvent? Last, int Events)
{
    public MoneySum Available => Balance + OverdraftLimit;

    /// <summary>Before anything happened.</summary>
    public static BalanceAt Nothing(Currency currency) => new(MoneySum.Zero(currency), Money.Zero(currency), null, 0);

    /// <summary>Both instants belong to their past: an event at exactly that instant counts.</summary>
    public static BalanceAt Fold(IEnumerable<IEvent> events, Currency currency, DateTimeOffset effectiveAt, DateTimeOffset knownAt) =>
        Nothing(currency).Then(events, effectiveAt, knownAt);

    /// <summary>Goes on with events that follow those which are in it already.</summary>
    public BalanceAt Then(IEnumerable<IEvent> events, DateTimeOffset effectiveAt, DateTimeOffset knownAt)
    {
        ArgumentNullException.ThrowIfNull(events);
        var at = this;
        foreach (var e in events)
        {
            if (e.Timestamp <= knownAt && e.Data is IAccountEvent fact && fact.EffectiveAt <= effectiveAt)
            {
                at = at.With(e, fact) with { Last = e, Events = at.Events + 1 };
            }
        }

        return at;
    }

    private BalanceAt With(IEvent e, IAccountEvent fact)
    {
        try
        {
            return With(fact);
        }
        catch (InvalidOperationException failure)
        {
            throw new UnreadableEventException(e, failure);
        }
    }

    private BalanceAt With(IAccountEvent fact) => fact switch
    {
        IMovement { Direction: Direction.Credit } movement => this with { Balance = Balance + movement.Amount },
        IMovement { Direction: Direction.Debit } movement => this with { Balance = Balance - movement.Amount },
        AccountOpened opened => this with { OverdraftLimit = opened.OverdraftLimit },
        OverdraftLimitSet set => this with { OverdraftLimit = set.Limit },
        _ => this,
    };
}
