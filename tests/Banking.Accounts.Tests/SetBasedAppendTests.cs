using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Platform.Commands;
using Banking.Platform.EventSourcing;
using Banking.SharedKernel;
using Banking.Testing;

namespace Banking.Accounts.Tests;

/// <summary>
/// The platform appends by a statement of its own. Marten must read what it wrote as its own, and write on where it ended, and the other
/// way round.
/// </summary>
public sealed class SetBasedAppendTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private static readonly Currency Euro = Currency.Parse("EUR");

    [Fact]
    public async Task Marten_folds_the_stream_to_the_same_account_that_is_stored()
    {
        var id = Stored.Id(await LivedAsync());
        await using var session = bank.Store.QuerySession();

        var folded = await session.Events.AggregateStreamAsync<Account>(id);
        var stored = await session.LoadAsync<Account>(id);

        Assert.Equal((5L, 6_000L, 1_000L), (folded!.Version, folded.Balance.Minor, folded.OverdraftLimit.Minor));
        AccountProperties.Same(folded, stored!);
    }

    [Fact]
    public async Task Marten_reads_each_event_with_all_that_is_known_about_it()
    {
        var before = bank.Clock.Now;
        var id = Stored.Id(await LivedAsync());
        await using var session = bank.Store.QuerySession();

        var events = await session.Events.FetchStreamAsync(id);

        Assert.Equal([1L, 2, 3, 4, 5], events.Select(e => e.Version));
        Assert.Equal(
            [typeof(AccountOpened), typeof(MoneyDeposited), typeof(MoneyWithdrawn), typeof(TransferSent), typeof(OverdraftLimitSet)],
            events.Select(e => e.EventType));
        Assert.All(events, e => Assert.Equal((id, EventNames.All[e.EventType]), (e.StreamId, e.EventTypeName)));
        Assert.Equal(events.Select(e => e.Sequence), events.Select(e => e.Sequence).Order().Distinct());
        Assert.Equal(events.Count, events.Select(e => e.Id).Distinct().Count());
        Assert.Equal(Enumerable.Range(0, 5).Select(i => before.AddSeconds(i)), events.Select(e => e.Timestamp));
        Assert.All(events, e => Assert.Equal("dev-teller", e.UserName));
        Assert.All(events, e => Assert.False(e.IsArchived));
        Assert.All(events, e => Assert.Equal(("teller", "http"), (e.Header(HeaderNames.Role), e.Header(HeaderNames.Channel))));
        Assert.Equal("POST /v1/deposits", events[1].Header(HeaderNames.Operation));
        Assert.Equal(("lived-correlation", null), (events[1].CorrelationId, events[1].CausationId));
        Assert.Equal(("agreed", "By letter"), (events[4].Header(HeaderNames.ReasonCode), events[4].Header(HeaderNames.ReasonText)));
        Assert.Equal(new MoneyDeposited(new(10_000, Euro), BankSide.Cash, before.AddSeconds(1)), events[1].Data);
    }

    [Fact]
    public async Task Marten_reads_where_the_stream_stands()
    {
        var before = bank.Clock.Now;
        var id = Stored.Id(await LivedAsync());
        await using var session = bank.Store.QuerySession();

        var state = await session.Events.FetchStreamStateAsync(id);

        Assert.Equal((5L, typeof(Account), false), (state!.Version, state.AggregateType, state.IsArchived));
        Assert.Equal((before, before.AddSeconds(4)), (state.Created, state.LastTimestamp));
    }

    [Fact]
    public async Task What_caused_a_command_on_the_bus_is_kept()
    {
        var account = await bank.As("teller").OpenAsync();
        var envelope = new Wolverine.Envelope { CorrelationId = "saga-1", ConversationId = AccountSpec.Id, UserName = "payments" };
        var desk = (Features.AccountDesk)bank.Host.Services.GetService(typeof(Features.AccountDesk))!;

        await Features.DepositMoneyHandler.Handle(
            new("bus-1", account, new(500, Euro), Reason: "payout"), envelope, desk, CancellationToken.None);

        await using var session = bank.Store.QuerySession();
        var e = (await session.Events.FetchStreamAsync(Stored.Id(account)))[^1];
        Assert.Equal(("saga-1", AccountSpec.Id.ToString(), "payments"), (e.CorrelationId, e.CausationId, e.UserName));
        Assert.Equal(
            ("bus", "payout", "bus-1"),
            (e.Header(HeaderNames.Channel), e.Header(HeaderNames.ReasonText), e.Header(HeaderNames.IdempotencyKey)));
    }

    [Fact]
    public async Task Martens_own_append_goes_on_where_ours_ended_and_ours_where_Martens_ended()
    {
        var teller = bank.As("teller");
        var account = await teller.OpenAsync(balance: "100.00");
        var id = Stored.Id(account);

        await using (var session = bank.Store.LightweightSession())
        {
            var stream = await session.Events.FetchForWriting<Account>(id);
            Assert.Equal((2L, 10_000L), (stream.CurrentVersion, stream.Aggregate!.Balance.Minor));
            stream.AppendOne(Interest(2_500));
            await session.SaveChangesAsync();
        }

        Assert.Equal("125.00", await teller.BalanceAsync(account));
        Assert.Equal(("0.00", "4"), await AnswerAsync(teller.WithdrawAsync(account, "125.00")));

        await using (var session = bank.Store.LightweightSession())
        {
            var stream = await session.Events.FetchForExclusiveWriting<Account>(id);
            stream.AppendMany(Interest(1), Interest(2));
            await session.SaveChangesAsync();
            AccountProperties.Same((await session.Events.AggregateStreamAsync<Account>(id))!, (await session.LoadAsync<Account>(id))!);
        }

        Assert.Equal(("0.00", "7"), await AnswerAsync(teller.WithdrawAsync(account, "0.03")));
    }

    /// <summary>
    /// A blind append knows no versions, so the account that Marten stores with it is at version 0: a cache that the next command does not
    /// trust.
    /// </summary>
    [Fact]
    public async Task After_a_blind_append_of_Marten_the_next_command_sees_its_money()
    {
        var teller = bank.As("teller");
        var account = await teller.OpenAsync(balance: "100.00");
        await using (var session = bank.Store.LightweightSession())
        {
            session.Events.Append(Stored.Id(account), Interest(2_500));
            await session.SaveChangesAsync();
        }

        Assert.Equal(("0.00", "4"), await AnswerAsync(teller.WithdrawAsync(account, "125.00")));
    }

    private static async Task<(string Balance, string Version)> AnswerAsync(Task<Answer> answer)
    {
        var created = (await answer).Created();
        return (created.Text("balance", "value"), created.Text("version"));
    }

    private MoneyDeposited Interest(long minor) => new(new(minor, Euro), BankSide.Interest, bank.Clock.Now);

    /// <summary>Opened, paid in, paid out, transferred and given a limit, a second apart.</summary>
    private async Task<string> LivedAsync()
    {
        var teller = bank.As("teller");
        var (customer, payee) = (await teller.RegisterAsync(), await teller.OpenAsync());
        var account = await teller.OpenAsync(customer);
        bank.Clock.Advance(TimeSpan.FromSeconds(1));
        (await teller.DepositAsync(account, "100.00", "EUR", ("X-Correlation-ID", "lived-correlation"))).Created();
        bank.Clock.Advance(TimeSpan.FromSeconds(1));
        (await teller.WithdrawAsync(account, "30.00")).Created();
        bank.Clock.Advance(TimeSpan.FromSeconds(1));
        (await teller.TransferAsync(account, payee, "10.00")).Created();
        bank.Clock.Advance(TimeSpan.FromSeconds(1));
        (
            await teller.PostAsync(
                $"/v1/accounts/{account}/overdraft-limit",
                new
                {
                    limit = "10.00",
                    reasonCode = "agreed",
                    reason = "By letter",
                })).Ok();
        return account;
    }
}
