using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.EventStore.Streams;
using JasperFx.Events;

namespace Banking.Accounts.Explaining;

/// <summary>An event, and the account before and after it.</summary>
internal readonly record struct AccountChange(IEvent Event, AccountFacts Before, AccountFacts After);

/// <summary>The changes of an account, in the order in which they were recorded or took effect.</summary>
public sealed class AccountChanges(
    AccountReader reader, HistoricalAccounts accounts, HistoricalBalances balances, EffectiveEvents effective)
{
    /// <summary>The account after a version.</summary>
    internal async Task<AccountFacts> AtVersionAsync(Account account, long version, CancellationToken ct) =>
        version > 0 && await accounts.AtVersionAsync(account, version, ct) is { } found
            ? new(found.State, found.At.Balance)
            : new(null, BalanceAt.Nothing(account.Currency).Balance);

    /// <summary>The account before an instant, of the events up to a version.</summary>
    internal async Task<AccountFacts> BeforeAsync(Account account, DateTimeOffset instant, long version, CancellationToken ct)
    {
        var moment = instant.AddTicks(-1);
        var known = version == 0 ? [] : await accounts.NotMovementsAsync(account, version, ct);
        return new(
            HistoricalAccounts.Fold(account.Id, known.Where(e => e.AccountEvent().EffectiveAt <= moment)),
            (await balances.AtAsync(account, moment, version, ct)).Balance);
    }

    /// <summary>The changes after one version, up to another, in the order of recording.</summary>
    internal async Task<IReadOnlyList<AccountChange>> RecordedAsync(Account account, long after, long upTo, int limit, CancellationToken ct)
    {
        if (after >= upTo)
        {
            return [];
        }

        var facts = await AtVersionAsync(account, after, ct);
        var state = facts.State is { } before ? before with { Balance = facts.Balance.ToMoney() } : null;
        var changes = new List<AccountChange>();
        foreach (var e in await reader.EventsAsync(account.Id, Math.Min(upTo, after + limit), after + 1, ct))
        {
            state = StreamFold.Apply(e, () => Account.Fold(state, account.Id, e.Data, e.Timestamp));
            var next = new AccountFacts(state, new(state.Balance.Minor, account.Currency));
            changes.Add(new(e, facts, next));
            facts = next;
        }

        return changes;
    }

    /// <summary>
    /// The changes after a place and before an instant, in the order of effective times, of the events up to a version. The account between
    /// two of them is as <see cref="HistoricalAccounts"/> answers for that moment.
    /// </summary>
    internal async Task<IReadOnlyList<AccountChange>> EffectiveAsync(
        Account account, EffectivePlace after, DateTimeOffset before, long version, int limit, CancellationToken ct)
    {
        var page = await effective.ReadAsync(account, after, before, version, limit, ct);
        if (page.Events.Count == 0)
        {
            return [];
        }

        var facts = await accounts.NotMovementsAsync(account, version, ct);
        var current = new AccountFacts(StateAt(account, facts, after), page.Opening);
        var changes = new List<AccountChange>();
        foreach (var e in page.Events)
        {
            var next = e.Data is IMovement movement
                ? current with { Balance = StreamFold.Apply(e, () => current.Balance + movement.SignedAmount) }
                : current with { State = StateAt(account, facts, EffectivePlace.Of(e)) };
            changes.Add(new(e, current, next));
            current = next;
        }

        return changes;
    }

    private static Account? StateAt(Account account, IReadOnlyList<IEvent> facts, EffectivePlace place) =>
        HistoricalAccounts.Fold(account.Id, facts.Where(e => EffectivePlace.Of(e) <= place));
}
