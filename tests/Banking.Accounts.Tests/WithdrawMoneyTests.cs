using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Commands.Decisions;
using static Banking.Accounts.Tests.AccountSpec;

namespace Banking.Accounts.Tests;

public sealed class WithdrawMoneyTests
{
    private static readonly GuardTable<WithdrawMoney> Guarded = new(
        [Opened(limit: 20), Deposited(100)],
        Withdraw(100),
        Decide,
        new("closed", "account_closed", 409, [Closed], c => c, ("accountId", PublicAccountId)),
        new("frozen", "account_frozen", 422, [Frozen(FreezeScope.Debit)], c => c, ("accountId", PublicAccountId), ("direction", "debit")),
        new(
            "currency",
            "currency_mismatch",
            422,
            [],
            c => c with { Amount = Usd(c.Amount.Minor) },
            ("accountCurrency", "EUR"),
            ("amountCurrency", "USD")),
        new(
            "future",
            "effective_in_future",
            422,
            [],
            c => c with { EffectiveAt = Now.AddSeconds(3) },
            ("effectiveAt", Now.AddSeconds(3)),
            ("now", Now)),
        new(
            "funds",
            "insufficient_funds",
            422,
            [Withdrawn(30)],
            c => c,
            ("available", Shown(90)),
            ("requested", Shown(100)),
            ("balance", Shown(70)),
            ("overdraftLimit", Shown(20)),
            ("version", 3L)));

    public static TheoryData<string> Rules => Guarded.Names;

    public static TheoryData<string, string> Pairs => Guarded.Pairs;

    [Fact]
    public void A_withdrawal_is_booked() => Given(Opened(), Deposited(100))
        .When(Decide(40))
        .Then(Fact(new MoneyWithdrawn(Eur(40), BankSide.Cash, Now)));

    [Fact]
    public void The_reference_and_the_bank_side_are_stored() => Given(Opened(), Deposited(100))
        .When(a => Decide(Withdraw(40) with { BankSide = BankSide.Fees, Reference = "June" }, a))
        .Then(Fact(new MoneyWithdrawn(Eur(40), BankSide.Fees, Now, new(Reference: "June"))));

    [Fact]
    public void A_backdated_withdrawal_stores_its_effective_time() => Given(Opened(), Deposited(100))
        .When(a => Decide(Withdraw(40) with { EffectiveAt = Now.AddDays(-3) }, a))
        .Then(Fact(new MoneyWithdrawn(Eur(40), BankSide.Cash, Now.AddDays(-3))));

    [Theory]
    [InlineData(0, 100)]
    [InlineData(20, 120)]
    public void The_whole_available_amount_can_be_withdrawn(long limit, long amount) => Given(Opened(limit), Deposited(100))
        .When(Decide(amount))
        .Then(Fact(new MoneyWithdrawn(Eur(amount), BankSide.Cash, Now)));

    [Theory]
    [InlineData(0, 101)]
    [InlineData(20, 121)]
    public void One_cent_more_than_available_is_refused(long limit, long amount) => Given(Opened(limit), Deposited(100))
        .When(Decide(amount))
        .ThenRefused("insufficient_funds", 422, ("available", Shown(amount - 1)), ("requested", Shown(amount)), ("balance", Shown(100)),
            ("overdraftLimit", Shown(limit)), ("version", 2L));

    [Fact]
    public void A_negative_balance_is_shown_with_its_sign() => Given(Opened(limit: 50), Withdrawn(50))
        .When(Decide(1))
        .ThenRefused("insufficient_funds", 422, ("available", Shown(0)), ("requested", Shown(1)), ("balance", Shown(-50)),
            ("overdraftLimit", Shown(50)), ("version", 2L));

    [Fact]
    public void An_account_frozen_for_credits_accepts_a_withdrawal() => Given(Opened(), Deposited(100), Frozen(FreezeScope.Credit))
        .When(Decide(40))
        .Then(Fact(new MoneyWithdrawn(Eur(40), BankSide.Cash, Now)));

    [Theory]
    [MemberData(nameof(Rules))]
    public void Each_rule_refuses_and_tells_what_it_saw(string rule) => Guarded.Refuses(rule);

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Of_two_broken_rules_the_first_answers(string first, string second) => Guarded.Precedes(first, second);

    private static WithdrawMoney Withdraw(long minor) => new("key", PublicAccountId, Eur(minor));

    private static Func<Account, Decision> Decide(long minor) => account => Decide(Withdraw(minor), account);

    private static Decision Decide(WithdrawMoney command, Account account) =>
        WithdrawMoneyHandler.Decide(command, account, EventId, Now, BackdatingRule.Default);
}
