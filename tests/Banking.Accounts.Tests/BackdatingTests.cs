using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Commands.Decisions;
using Microsoft.Extensions.Configuration;
using static Banking.Accounts.Tests.AccountSpec;

namespace Banking.Accounts.Tests;

/// <summary>The effective times that staff may claim, and the checks against the account's state at that time.</summary>
public sealed class BackdatingTests
{
    private static readonly BackdatingRule Rule = new(30);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(2_000_0000, 0)]
    public void A_time_up_to_two_seconds_ahead_counts_as_now(long ticksAhead, long stored)
    {
        var at = Now.AddTicks(ticksAhead);
        Given(Opened(), Deposited(100))
            .When(a => Withdraw(40, at, a))
            .Then(Fact(new MoneyWithdrawn(Eur(40), BankSide.Cash, Now.AddTicks(stored))));
        new Verdict(
            OpenAccountHandler.Decide(
                new("key", "cus", Eur(0).Currency, "current", EffectiveAt: at), Id, OwnerId, Number, EventId, Now, Rule)
        ).Then(Fact(new AccountOpened(Number, OwnerId, "current", Eur(0), Now.AddTicks(stored))));
    }

    [Fact]
    public void A_time_more_than_two_seconds_ahead_is_refused() => Given(Opened(), Deposited(100))
        .When(a => Withdraw(40, Now.AddSeconds(2).AddTicks(1), a))
        .ThenRefused("effective_in_future", 422, ("effectiveAt", Now.AddSeconds(2).AddTicks(1)), ("now", Now));

    [Theory]
    [InlineData(0, "accepted")]
    [InlineData(-1, "effective_too_early")]
    public void The_earliest_time_of_the_setting_is_accepted_and_one_tick_earlier_is_refused(long ticks, string code)
    {
        var history = new IAccountEvent[]
        {
            Opened() with
            {
                EffectiveAt = Now.AddDays(-90),
            },
            Deposited(100) with
            {
                EffectiveAt = Now.AddDays(-60),
            },
        };
        var at = Now.AddDays(-30).AddTicks(ticks);
        Assert.Equal(code, Given(history).When(a => Withdraw(40, at, a)).Code);
        Assert.Equal(code, new Verdict(OpenAccountHandler.Decide(
            new("key", "cus", Eur(0).Currency, "current", EffectiveAt: at), Id, OwnerId, Number, EventId, Now, Rule)).Code);
    }

    [Fact]
    public void A_time_before_the_earliest_is_refused_with_the_earliest_time() => Given(Opened(), Deposited(100))
        .When(a => Withdraw(40, Now.AddDays(-31), a))
        .ThenRefused("effective_too_early", 422, ("effectiveAt", Now.AddDays(-31)), ("earliest", Now.AddDays(-30)), ("now", Now));

    [Fact]
    public void A_movement_before_the_opening_of_the_account_is_refused()
    {
        var opened = Opened() with { EffectiveAt = Now.AddDays(-10) };
        Given(opened).When(a => Deposit(1, Now.AddDays(-10), a)).Then(Fact(new MoneyDeposited(Eur(1), BankSide.Cash, Now.AddDays(-10))));
        Given(opened).When(a => Deposit(1, Now.AddDays(-10).AddTicks(-1), a)).ThenRefused(
            "effective_before_opening", 422, ("effectiveAt", Now.AddDays(-10).AddTicks(-1)), ("earliest", Now.AddDays(-10)));
    }

    [Fact]
    public void A_transfer_before_the_opening_of_the_payees_account_is_refused()
    {
        var at = Now.AddDays(-20);
        var payee = FoldWithTimeline(PayeeId, Opened() with { Number = PayeeNumber, EffectiveAt = Now.AddDays(-10) });
        Given(Opened(), Deposited(100)).When(a => TransferMoneyHandler.Decide(
            new("key", "a", "b", Eur(1), at), a, payee, new(EventId, OtherEventId), Now, Rule))
            .ThenRefused("payee_effective_before_opening", 422,
                ("accountId", SharedKernel.PublicId.Format("acc", PayeeId)), ("effectiveAt", at), ("earliest", Now.AddDays(-10)));
    }

    [Fact]
    public void The_lowest_available_amount_since_then_decides_and_is_a_fact_of_the_refusal()
    {
        // Balance: first 100; 20 from the 10th to the 5th day before today; 220 now.
        IAccountEvent[] history =
        [
            Opened(),
            Deposited(100),
            Withdrawn(80) with
            {
                EffectiveAt = Now.AddDays(-10),
            },
            Deposited(200) with
            {
                EffectiveAt = Now.AddDays(-5),
            },
        ];
        Assert.Equal("accepted", Given(history).When(a => Withdraw(20, Now.AddDays(-20), a)).Code);
        Assert.Equal("accepted", Given(history).When(a => Withdraw(220, Now.AddDays(-5), a)).Code);
        Given(history).When(a => Withdraw(21, Now.AddDays(-20), a)).ThenRefused("insufficient_funds", 422,
            ("available", Shown(20)), ("requested", Shown(21)), ("effectiveAt", Now.AddDays(-20)), ("lowestAt", Now.AddDays(-10)),
            ("lowestBalance", Shown(20)), ("overdraftLimit", Shown(0)), ("version", 4L));
    }

    [Fact]
    public void The_limit_of_each_instant_applies_not_the_limit_of_today()
    {
        IAccountEvent[] history =
        [
            Opened(limit: 50),
            new OverdraftLimitSet(Eur(0), Now.AddDays(-10)),
            new OverdraftLimitSet(Eur(500), Now.AddDays(-5)),
        ];
        Assert.Equal("accepted", Given(history).When(a => Withdraw(500, Now.AddDays(-5), a)).Code);
        Given(history).When(a => Withdraw(1, Now.AddDays(-20), a)).ThenRefused("insufficient_funds", 422,
            ("available", Shown(0)), ("requested", Shown(1)), ("effectiveAt", Now.AddDays(-20)), ("lowestAt", Now.AddDays(-10)),
            ("lowestBalance", Shown(0)), ("overdraftLimit", Shown(0)), ("version", 3L));
    }

    [Theory]
    [InlineData(FreezeScope.Debit, "account_frozen", "accepted")]
    [InlineData(FreezeScope.Credit, "accepted", "account_frozen")]
    [InlineData(FreezeScope.All, "account_frozen", "account_frozen")]
    public void A_movement_at_a_time_when_the_account_was_frozen_is_refused(FreezeScope scope, string debit, string credit)
    {
        IAccountEvent[] history =
        [
            Opened(), Deposited(100), new AccountFrozen(scope, Now.AddDays(-10)), new AccountUnfrozen(FreezeScope.All, Now.AddDays(-5)),
        ];
        Assert.Equal(debit, Given(history).When(a => Withdraw(1, Now.AddDays(-7), a)).Code);
        Assert.Equal(credit, Given(history).When(a => Deposit(1, Now.AddDays(-7), a)).Code);
        Assert.Equal("accepted", Given(history).When(a => Withdraw(1, Now.AddDays(-11), a)).Code);
        Assert.Equal("accepted", Given(history).When(a => Deposit(1, Now.AddDays(-5), a)).Code);
    }

    [Theory]
    [InlineData(null, 30)]
    [InlineData("", 30)]
    [InlineData("0", 0)]
    [InlineData("3650", 3650)]
    public void The_setting_is_read_as_a_number_of_days(string? text, int days) => Assert.Equal(days, Of(text).Days);

    [Theory]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData(" 3")]
    [InlineData("3\0")]
    [InlineData("٣")]
    [InlineData("99999999999")]
    public void A_setting_that_is_not_a_number_of_days_throws(string text) => Assert.Throws<FormatException>(() => Of(text));

    [Fact]
    public void More_days_than_the_calendar_has_reach_back_to_its_first_day()
    {
        Assert.Equal(
            (DateTimeOffset.MinValue, DateTimeOffset.MinValue),
            (new BackdatingRule(int.MaxValue).EarliestAt(Now), new BackdatingRule(int.MaxValue).ReadFrom(Now)));
        Assert.True(Rule.ReadFrom(Now) < Rule.EarliestAt(Now));
    }

    private static BackdatingRule Of(string? text) =>
        BackdatingRule.Of(new ConfigurationBuilder().AddInMemoryCollection([new(BackdatingRule.Setting, text)]).Build());

    private static Decision Withdraw(long minor, DateTimeOffset at, Account account) =>
        WithdrawMoneyHandler.Decide(new("key", "a", Eur(minor), EffectiveAt: at), account, EventId, Now, Rule);

    private static Decision Deposit(long minor, DateTimeOffset at, Account account) =>
        DepositMoneyHandler.Decide(new("key", "a", Eur(minor), EffectiveAt: at), account, EventId, Now, Rule);
}
