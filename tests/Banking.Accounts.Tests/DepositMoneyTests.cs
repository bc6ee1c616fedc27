using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Commands.Decisions;
using static Banking.Accounts.Tests.AccountSpec;

namespace Banking.Accounts.Tests;

public sealed class DepositMoneyTests
{
    private static readonly GuardTable<DepositMoney> Guarded = new(
        [Opened()],
        Deposit(100),
        Decide,
        new("closed", "account_closed", 409, [Closed], c => c, ("accountId", PublicAccountId)),
        new("frozen", "account_frozen", 422, [Frozen(FreezeScope.Credit)], c => c, ("accountId", PublicAccountId), ("direction", "credit")),
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
            "too large",
            "balance_too_large",
            422,
            [Deposited(Guards.MaxBalance - 99)],
            c => c,
            ("balance", Shown(Guards.MaxBalance - 99))));

    public static TheoryData<string> Rules => Guarded.Names;

    public static TheoryData<string, string> Pairs => Guarded.Pairs;

    [Fact]
    public void A_deposit_is_booked() => Given(Opened()).When(Decide(100)).Then(Fact(new MoneyDeposited(Eur(100), BankSide.Cash, Now)));

    [Fact]
    public void The_reference_and_the_bank_side_are_stored() => Given(Opened())
        .When(a => Decide(Deposit(100) with { BankSide = BankSide.Settlement, Reference = "June" }, a))
        .Then(Fact(new MoneyDeposited(Eur(100), BankSide.Settlement, Now, new(Reference: "June"))));

    [Fact]
    public void A_backdated_deposit_stores_its_effective_time_in_UTC()
    {
        var then = new DateTimeOffset(2026, 11, 10, 1, 0, 0, TimeSpan.FromHours(2));
        var accepted = Assert.IsType<Decision.Accepted>(Decide(Deposit(100) with { EffectiveAt = then }, FoldWithTimeline(Id, [Opened()])));
        var booked = Assert.IsType<MoneyDeposited>(Assert.Single(accepted.Events).Data);
        Assert.Equal((then, TimeSpan.Zero), (booked.EffectiveAt, booked.EffectiveAt.Offset));
    }

    [Fact]
    public void An_effective_time_equal_to_now_is_accepted() => Given(Opened())
        .When(a => Decide(Deposit(100) with { EffectiveAt = Now }, a))
        .Then(Fact(new MoneyDeposited(Eur(100), BankSide.Cash, Now)));

    [Fact]
    public void A_deposit_up_to_the_largest_balance_is_accepted() => Given(Opened(), Deposited(Guards.MaxBalance - 100))
        .When(Decide(100))
        .Then(Fact(new MoneyDeposited(Eur(100), BankSide.Cash, Now)));

    [Fact]
    public void An_account_frozen_for_debits_accepts_a_deposit() => Given(Opened(), Frozen(FreezeScope.Debit))
        .When(Decide(100))
        .Then(Fact(new MoneyDeposited(Eur(100), BankSide.Cash, Now)));

    [Theory]
    [MemberData(nameof(Rules))]
    public void Each_rule_refuses_and_tells_what_it_saw(string rule) => Guarded.Refuses(rule);

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Of_two_broken_rules_the_first_answers(string first, string second) => Guarded.Precedes(first, second);

    private static DepositMoney Deposit(long minor) => new("key", PublicAccountId, Eur(minor));

    private static Func<Account, Decision> Decide(long minor) => account => Decide(Deposit(minor), account);

    private static Decision Decide(DepositMoney command, Account account) =>
        DepositMoneyHandler.Decide(command, account, EventId, Now, BackdatingRule.Default);
}
