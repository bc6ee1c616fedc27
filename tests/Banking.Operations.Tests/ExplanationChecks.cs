using System.Globalization;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Explaining;
using Banking.Accounts.ReadModels;
using Banking.Testing;
using Banking.Web.Http;
using JasperFx.Events;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>Compares explanations and changes of an account with a brute-force fold of its events.</summary>
internal sealed class ExplanationChecks(BankFixture bank, Account account, IReadOnlyList<IEvent> events)
{
    private readonly BalanceExplanation _explanation = bank.Host.Services.GetRequiredService<BalanceExplanation>();
    private readonly EffectiveEvents _effective = bank.Host.Services.GetRequiredService<EffectiveEvents>();
    private readonly NewestEvents _newest = bank.Host.Services.GetRequiredService<NewestEvents>();
    private readonly AccountChanges _changes = bank.Host.Services.GetRequiredService<AccountChanges>();
    private readonly MomentReader _moments = bank.Host.Services.GetRequiredService<MomentReader>();

    /// <summary>Each grouping adds up to the balance at the pair of instants, and to that of a part of the days.</summary>
    public async Task AssertGroupsAsync(DateTimeOffset effectiveAt, DateTimeOffset knownAt, DateOnly? from, DateOnly? to)
    {
        var version = await _moments.VersionAtAsync(account, knownAt, CancellationToken.None);
        Assert.Equal(events.LastOrDefault(e => e.Timestamp <= knownAt)?.Version ?? 0, version);
        var query = new ExplanationQuery(account, new(effectiveAt, version), new(effectiveAt, knownAt), from, to);

        var found = await _explanation.ReadAsync(query, CancellationToken.None);

        var counted = events.Where(e => e.Version <= version && e.AccountEvent().EffectiveAt < query.End).ToList();
        var inPeriod = counted.Where(e => e.AccountEvent().EffectiveAt >= query.Start).Select(e => e.Data).OfType<IMovement>().ToList();
        Assert.Equal(inPeriod.Count, found.Movements);
        Assert.Equal(Sum(counted.Select(e => e.Data).OfType<IMovement>()), Minor(found.Balance));
        Assert.Equal(inPeriod.Count <= BalanceExplanation.MaxGrouped, found.Kinds is not null && found.Counterparties is not null);
        AssertGroups(found.Months, inPeriod, m => m.EffectiveAt.UtcDateTime.ToString("yyyy-MM", CultureInfo.InvariantCulture));
        AssertGroups(found.Kinds, inPeriod, EntryView.TypeOf);
        AssertGroups(found.Counterparties, inPeriod, m => Accounts.Explaining.Counterparty.Of(m).Key);
    }

    /// <summary>The newest events of a period are those of the fold.</summary>
    public async Task AssertNewestAsync(DateTimeOffset start, DateTimeOffset before, long version, int newest)
    {
        var expected = events
            .Where(e => e.Version <= version && e.AccountEvent().EffectiveAt >= start && e.AccountEvent().EffectiveAt < before)
            .OrderBy(EffectivePlace.Of).TakeLast(newest).Select(e => e.Version);

        var found = await _newest.ReadAsync(account, start, before, version, newest, CancellationToken.None);

        Assert.Equal(expected, found.Select(e => e.Version));
    }

    private void AssertGroups(IReadOnlyList<GroupView>? groups, List<IMovement> movements, Func<IMovement, string> name) => Assert.Equal(
        groups is null ? [] : movements.GroupBy(name).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => (
            g.Key, Sum(g.Where(m => m.SignedAmount.Minor > 0)), -Sum(g.Where(m => m.SignedAmount.Minor < 0)), Sum(g), g.LongCount())),
        groups is null ? [] : groups.OrderBy(g => g.Name, StringComparer.Ordinal).Select(g => (
            g.Name, Minor(g.Credits), Minor(g.Debits), Minor(g.Net), g.Movements)));

    /// <summary>Each page of the effective axis has the events and the account before and after them that the fold has.</summary>
    public async Task AssertChangesAsync(EffectivePlace after, DateTimeOffset before, long version, int limit)
    {
        var ordered = events.Where(e => e.Version <= version).OrderBy(EffectivePlace.Of).ToList();
        var expected = ordered.Where(e => EffectivePlace.Of(e) > after && e.AccountEvent().EffectiveAt < before).Take(limit).ToList();

        var page = await _effective.ReadAsync(account, after, before, version, limit, CancellationToken.None);
        var changes = await _changes.EffectiveAsync(account, after, before, version, limit, CancellationToken.None);

        Assert.Equal(expected.Select(e => e.Version), page.Events.Select(e => e.Version));
        Assert.Equal(expected.Select(e => e.Version), changes.Select(c => c.Event.Version));
        foreach (var (index, change) in changes.Index().Where(c => c.Index % 29 == 0))
        {
            var known = ordered.TakeWhile(e => e.Version != change.Event.Version).ToList();
            AssertFacts(known, change.Before);
            AssertFacts([.. known, change.Event], change.After);
        }
    }

    /// <summary>The changes between two versions begin and end with the states of the fold.</summary>
    public async Task AssertRecordedAsync(long after, long upTo)
    {
        var changes = await _changes.RecordedAsync(account, after, upTo, 40, CancellationToken.None);

        Assert.Equal(
            events.Where(e => e.Version > after && e.Version <= upTo).Take(40).Select(e => e.Version),
            changes.Select(c => c.Event.Version));
        foreach (var change in changes.Where((_, i) => i % 19 == 0))
        {
            AssertFacts([.. events.Take((int)change.Event.Version - 1)], change.Before);
            AssertFacts([.. events.Take((int)change.Event.Version)], change.After);
        }
    }

    private void AssertFacts(IReadOnlyList<IEvent> counted, AccountFacts found)
    {
        var expected = counted.OrderBy(e => e.Version)
            .Aggregate((Account?)null, (state, e) => state is null && e.Data is not AccountOpened
                ? null
                : Account.Fold(state, account.Id, e.Data, e.Timestamp));
        Assert.Equal(Sum(counted.Select(e => e.Data).OfType<IMovement>()), (long)found.Balance.Minor);
        Assert.Equal(
            (expected?.Status, expected?.OverdraftLimit, expected?.DebitFrozen, expected?.CreditFrozen),
            (found.State?.Status, found.State?.OverdraftLimit, found.State?.DebitFrozen, found.State?.CreditFrozen));
    }

    private static long Sum(IEnumerable<IMovement> movements) => movements.Sum(m => m.SignedAmount.Minor);

    private long Minor(Amount amount)
    {
        var value = decimal.Parse(amount.Value, CultureInfo.InvariantCulture);
        return (long)(account.Currency.Scale == 0 ? value : value * 100);
    }
}
