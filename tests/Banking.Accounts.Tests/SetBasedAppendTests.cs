using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.EventStore.Appending;
using Banking.SharedKernel;
using Banking.Testing;

namespace Banking.Accounts.Tests;

/// <summary>
/// Our own SQL statement appends events. Marten must read them like its own and append after them, and the other way round.
/// </summary>
public sealed class SetBasedAppendTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private static readonly Currency Euro = Currency.Parse("EUR");

    [Fact]
    public async Task Marten_folds_the_stream_to_the_stored_account()
    {
        var id = Stored.Id(await AccountWithHistoryAsync());
        await using var session = bank.Store.QuerySession();

        var folded = await session.Events.AggregateStreamAsync<Account>(id);
        var stored = await session.LoadAsync<Account>(id);

        Assert.Equal((5L, 6_000L, 1_000L), (folded!.Version, folded.Balance.Minor, folded.OverdraftLimit.Minor));
        AccountProperties.Same(folded, stored!);
    }

    [Fact]
    public async Task Marten_reads_each_event_with_its_metadata()
    {
        var before = bank.Clock.Now;
        var id = Stored.Id(await AccountWithHistoryAsync());
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
    public async Task Marten_reads_the_state_of_the_stream()
    {
        var before = bank.Clock.Now;
        var id = Stored.Id(await AccountWithHistoryAsync());
        await using var session = bank.Store.QuerySession();

        var state = await session.Events.FetchStreamStateAsync(id);

        Assert.Equal((5L, typeof(Account), false), (state!.Version, state.AggregateType, state.IsArchived));
        Assert.Equal((before, before.AddSeconds(4)), (state.Created, state.LastTimestamp));
    }

    [Fact]
    public async Task The_cause_of_a_command_on_the_bus_is_stored()
    {
        var account = await bank.As("teller").OpenAsync();
        var envelope = new Wolverine.Envelope { CorrelationId = "saga-1", ConversationId = AccountSpec.Id, UserName = "payments" };
        var commands = (Features.AccountCommands)bank.Host.Services.GetService(typeof(Features.AccountCommands))!;

        await Features.DepositMoneyHandler.Handle(
            new("bus-1", account, new(500, Euro), Reason: "payout"), envelope, commands, CancellationToken.None);

        await using var session = bank.Store.QuerySession();
        var e = (await session.Events.FetchStreamAsync(Stored.Id(account)))[^1];
        Assert.Equal(("saga-1", AccountSpec.Id.ToString(), "payments"), (e.CorrelationId, e.CausationId, e.UserName));
        Assert.Equal(
            ("bus", "payout", "bus-1"),
            (e.Header(HeaderNames.Channel), e.Header(HeaderNames.ReasonText), e.Header(HeaderNames.IdempotencyKey)));
    }

    [Fact]
    public async Task Martens_append_continues_after_ours_and_ours_after_Martens()
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
    /// A blind append knows no versions, so Marten stores the account with version 0. The next command must not use that state.
    /// </summary>
    [Fact]
    public async Task The_command_after_a_blind_append_by_Marten_includes_its_amount()
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

    /// <summary>An account with an opening, a deposit, a withdrawal, a transfer and a change of the limit, one second apart.</summary>
    private async Task<string> AccountWithHistoryAsync()
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
