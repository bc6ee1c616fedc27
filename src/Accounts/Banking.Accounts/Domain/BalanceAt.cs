using Banking.EventStore.Log;
using Banking.SharedKernel;
using JasperFx.Events;

namespace Banking.Accounts.Domain;

/// <summary>
/// A balance on both time axes: the events that took effect by one instant, of those recorded by another. A backdated event changes no
/// earlier answer: a query as of an instant before it was recorded still returns the balance without it.
/// </summary>
/// <param name="Balance">
/// A sum wider than 64 bits. Each booking keeps the balance within 64 bits in the order of booking; in the order of effective times,
/// deposits may come before the withdrawals that made room for them.
/// </param>
/// <param name="Last">The last event that the balance includes.</param>
/// <param name="Events">The number of events that the balance includes.</param>
public sealed record BalanceAt(MoneySum Balance, Money OverdraftLimit, IEvent? Last, int Events)
{
    public MoneySum Available => Balance + OverdraftLimit;

    /// <summary>The balance before the first event.</summary>
    public static BalanceAt Nothing(Currency currency) => new(MoneySum.Zero(currency), Money.Zero(currency), null, 0);

    /// <summary>Both instants are inclusive: an event at exactly that instant is part of the balance.</summary>
    public static BalanceAt Fold(IEnumerable<IEvent> events, Currency currency, DateTimeOffset effectiveAt, DateTimeOffset knownAt) =>
        Nothing(currency).With(events, effectiveAt, knownAt);

    /// <summary>Includes further events, which follow those that the balance already includes.</summary>
    public BalanceAt With(IEnumerable<IEvent> events, DateTimeOffset effectiveAt, DateTimeOffset knownAt)
    {
        var at = this;
        foreach (var e in events)
        {
            if (e.Timestamp <= knownAt && e.AccountEvent().EffectiveAt <= effectiveAt)
            {
                at = at.With(e);
            }
        }

        return at;
    }

    private BalanceAt With(IEvent e)
    {
        try
        {
            var change = FundsChange.Of(e.Data);
            return new(
                change.Amount is { } amount ? Balance + amount : Balance, change.OverdraftLimit ?? OverdraftLimit, e, Events + 1);
        }
        catch (InvalidOperationException failure)
        {
            throw new UnreadableEventException(e, failure);
        }
    }
}
