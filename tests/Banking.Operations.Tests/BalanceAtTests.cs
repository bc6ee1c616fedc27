using System.Globalization;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Explaining;
using Banking.Accounts.ReadModels;
using Banking.SharedKernel;
using Banking.Web.Http;
using JasperFx.Events;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>
/// Balances computed from rows equal the fold at any pair of instants, whether or not the read model has caught up with the log.
/// </summary>
public sealed class BalanceAtTests(ProbedBank bank, ITestOutputHelper output) : IClassFixture<ProbedBank>
{
    [Theory]
    [InlineData(11, 0, false)]
    [InlineData(12, 0, true)]
    [InlineData(13, 17, false)]
    [InlineData(14, 0, false, "2000-01-16")]
    [InlineData(15, 0, true, "1996-04-03")]
    public async Task At_any_pair_of_instants_and_any_version_rows_and_fold_agree(
        int seed, int thousands, bool behind, string? until = null)
    {
        output.WriteLine($"seed {seed}");
        var history = new RandomHistory(
            bank, seed, until is null ? null : DateTimeOffset.Parse($"{until}T00:00:00Z", CultureInfo.InvariantCulture));
        await history.RunAsync(150);
        await history.GrowAsync(thousands);
        await history.CorrectAsync(15);
        if (behind)
        {
            await PauseAndGrowAsync(history, seed);
        }

        var balances = bank.Host.Services.GetRequiredService<HistoricalBalances>();
        var random = new Random(seed);
        foreach (var id in history.Accounts.Select(Id))
        {
            await using var session = bank.Store.QuerySession();
            var (account, events) = (await session.LoadAsync<Account>(id), await session.Events.FetchStreamAsync(id));
            if (id == Id(history.Busy))
            {
                await AssertChunksAsync(id, events.Count, thousands, behind);
            }

            for (var i = 0; i < 300; i++)
            {
                var (effectiveAt, knownAt) = (history.Instant(), i % 3 == 0 ? bank.Clock.Now : history.Instant());
                var expected = BalanceAt.Fold(events, account!.Currency, effectiveAt, knownAt);
                var (at, version) = await balances.AtAsync(account, effectiveAt, knownAt, CancellationToken.None);
                Assert.Equal(
                    (expected.Balance, expected.OverdraftLimit, expected.Last?.Version, expected.Events, events.Count),
                    (at.Balance, at.OverdraftLimit, at.Last?.Version, at.Events, (int)version));
            }

            await AssertExplanationsAsync(history, random, account!, events);
            await AssertAccountsAsync(history, random, account!, events);
        }

        if (behind)
        {
            await AssertEntriesAreCompleteAsync(history.Busy);
            await bank.ExecuteAsync(
                "update platform.read_model set paused_at = null, pause_reason = null where name = 'entries' and state = 'serving'");
        }
    }

    private async Task AssertExplanationsAsync(RandomHistory history, Random random, Account account, IReadOnlyList<IEvent> events)
    {
        if (events.Count > 15_000)
        {
            var searched = (await bank.As("teller").GetAsync($"/v1/accounts/{history.Busy}/balance/mistakes?expected=0.01")).Ok();
            Assert.InRange(
                searched.Json.GetProperty("movements").GetInt32(), BalanceMistakes.MaxSearched - 1_000, BalanceMistakes.MaxSearched);
        }

        var checks = new ExplanationChecks(bank, account, events);
        for (var i = 0; i < 6; i++)
        {
            var (effectiveAt, knownAt, other) = (history.Instant(), i % 3 == 0 ? bank.Clock.Now : history.Instant(), history.Instant());
            var day = DateOnly.FromDateTime(other.UtcDateTime);
            await checks.AssertGroupsAsync(
                i == 0 ? DateTimeOffset.MaxValue : effectiveAt, knownAt, i % 2 == 0 ? null : day, i % 4 < 2 ? null : day.AddDays(9));
            await checks.AssertChangesAsync(
                new(other, random.Next(0, events.Count + 1)), i % 3 == 0 ? DateTimeOffset.MaxValue : effectiveAt,
                random.Next(1, events.Count + 1), i % 4 == 0 ? 5 : random.Next(1, 300));
            await checks.AssertNewestAsync(
                i % 2 == 0 ? ChangeQuery.Earliest : other, i % 3 == 0 ? DateTimeOffset.MaxValue : effectiveAt,
                random.Next(1, events.Count + 1), random.Next(1, 3_000));
            await checks.AssertRecordedAsync(random.Next(0, events.Count), random.Next(1, events.Count + 1));
        }
    }

    private async Task AssertAccountsAsync(RandomHistory history, Random random, Account account, IReadOnlyList<IEvent> events)
    {
        for (var i = 0; i < 30; i++)
        {
            await AssertAccountAsync(account, events, history.Instant(), i % 3 == 0 ? bank.Clock.Now : history.Instant());
            await AssertVersionAsync(account, events, random.Next(1, events.Count + 1));
            await AssertEntriesAsync(
                account, events, i % 3 == 0 ? null : history.Instant(), i % 3 == 1 ? null : history.Instant(), random);
        }
    }

    private async Task AssertVersionAsync(Account account, IReadOnlyList<IEvent> events, int version)
    {
        var expected = BalanceAt.Fold(events.Take(version), account.Currency, DateTimeOffset.MaxValue, DateTimeOffset.MaxValue);
        var (at, _) = await bank.Host.Services.GetRequiredService<HistoricalBalances>().AtVersionAsync(
            account, version, CancellationToken.None);
        Assert.Equal((expected.Balance, expected.OverdraftLimit, (long)version), (at.Balance, at.OverdraftLimit, at.Last!.Version));
    }

    /// <summary>
    /// Asserts the next page of an interval after any version, as known at any later one. Bounds that are sent are cut to microseconds.
    /// </summary>
    private async Task AssertEntriesAsync(
        Account account, IReadOnlyList<IEvent> events, DateTimeOffset? from, DateTimeOffset? to, Random random)
    {
        var interval = new Interval(from?.CutToMicroseconds(), to?.CutToMicroseconds());
        var after = random.Next(0, events.Count);
        after = random.Next(0, 2) == 0 ? 0 : after;
        var (upTo, limit) = (random.Next(after, events.Count + 1), random.Next(1, 600));
        var expected = events
            .Where(e => e.Version > after && e.Version <= upTo && e.Data is IMovement m && interval.Contains(m.EffectiveAt))
            .Take(limit);
        var found = await bank.Host.Services.GetRequiredService<EntryPages>().OfAccountAsync(
            account, interval, after, upTo, limit, CancellationToken.None);
        Assert.Equal(expected.Select(e => e.Version), found.Select(e => e.Event.Version));
    }

    private async Task AssertAccountAsync(
        Account account, IReadOnlyList<IEvent> events, DateTimeOffset effectiveAt, DateTimeOffset knownAt)
    {
        var expected = events
            .Where(e => e.Timestamp <= knownAt && ((IAccountEvent)e.Data).EffectiveAt <= effectiveAt)
            .Aggregate((Account?)null, (state, e) => Account.Fold(state, account.Id, e.Data, e.Timestamp));
        var found = await bank.Host.Services.GetRequiredService<HistoricalAccounts>().AtAsync(
            account, new(effectiveAt, knownAt), CancellationToken.None);
        Assert.Equal(Described(expected), Described(found?.State));
        Assert.Equal(expected?.Balance, found?.At.Balance.ToMoney());

        static string Described(Account? at) => at is null
            ? "none"
            : $"{at.Owner} {at.Status} {at.OverdraftLimit} {at.DebitFrozen} {at.CreditFrozen} {string.Join(' ', at.Delegates)} "
                + $"{at.OpenedAt:O}";
    }

    private async Task PauseAndGrowAsync(RandomHistory history, int seed)
    {
        // The paused read model stays behind the growing log.
        await bank.ExecuteAsync(
            "update platform.read_model set paused_at = now(), pause_reason = 'test' where name = 'entries' and state = 'serving'");
        await new RandomHistory(bank, seed + 100).RunAsync(5);
        for (var i = 0; i < 40; i++)
        {
            (await bank.As("teller").DepositAsync(history.Busy, "1.25")).Created();
        }
    }

    private async Task AssertChunksAsync(Guid id, int events, int thousands, bool behind)
    {
        Assert.True(
            events > Math.Max(2 * Chunks.Size, (thousands - 1) * 1_000),
            $"Only {events} events: the account has no two chunks.");
        Assert.Equal(
            Enumerable.Range(0, Chunks.Levels).Where(l => Chunks.SizeOf(l) <= events).Select(l => (short)l),
            await bank.QueryAsync<short>("select distinct level from accounts.entry_day where account = $1 order by 1", id));
        Assert.Equal(
            behind,
            (await bank.QueryAsync<long>("select max(version) from accounts.entry where account = $1", id))[0] < events);
    }

    /// <summary>Asserts that entries and figures of an account include the whole log.</summary>
    private async Task AssertEntriesAreCompleteAsync(string account)
    {
        var teller = bank.As("teller");
        var (count, cursor, last) = (0, (string?)null, "");
        do
        {
            var page = (
                await teller.GetAsync($"/v1/accounts/{account}/entries?limit=500{(cursor is null ? "" : "&cursor=" + cursor)}")).Ok();
            count += page.Items().Count;
            last = page.Items() is [.., var end] ? end.GetProperty("balance").GetProperty("value").GetString() : last;
            cursor = page.NextCursor();
        }
        while (cursor is not null);

        Assert.Equal(await teller.BalanceAsync(account), last);
        var figures = (await teller.GetAsync($"/v1/accounts/{account}/figures?limit=500")).Ok().Items();
        Assert.Equal(last, figures[^1].GetProperty("closingBalance").GetProperty("value").GetString());
        Assert.Equal(count, figures.Sum(f => f.GetProperty("movements").GetInt32()));
        var days = (await teller.GetAsync($"/v1/accounts/{account}/figures?by=day&limit=500")).Ok().Items();
        Assert.Equal(count, days.Sum(f => f.GetProperty("movements").GetInt32()));
        Assert.True(days.Count > figures.Count);
    }

    private static Guid Id(string account) => PublicId.TryParse("acc", account, out var id) ? id : throw new FormatException(account);
}
