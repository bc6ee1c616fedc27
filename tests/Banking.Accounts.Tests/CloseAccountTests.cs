using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Accounts.Views;
using Banking.Commands.Decisions;
using static Banking.Accounts.Tests.AccountSpec;

namespace Banking.Accounts.Tests;

public sealed class CloseAccountTests
{
    private static readonly GuardTable<CloseAccount> Guarded = new(
        [Opened()],
        new("key", PublicAccountId, "wish", "By letter"),
        (_, account) => Decide(account),
        new("closed", "account_closed", 409, [Closed], c => c, ("accountId", PublicAccountId)),
        new("frozen", "account_frozen", 422, [Frozen(FreezeScope.Credit)], c => c, ("frozen", new FrozenView(false, true))),
        new("balance", "balance_not_zero", 422, [Deposited(1)], c => c, ("balance", Shown(1))));

    public static TheoryData<string> Rules => Guarded.Names;

    public static TheoryData<string, string> Pairs => Guarded.Pairs;

    [Fact]
    public void An_empty_account_is_closed() => Given(Opened()).When(Decide).Then(Fact(new AccountClosed(Now)));

    [Fact]
    public void An_account_with_movements_and_a_limit_is_closed_at_balance_zero() =>
        Given(Opened(limit: 50), Deposited(100), Withdrawn(100))
        .When(Decide)
        .Then(Fact(new AccountClosed(Now)));

    [Theory]
    [InlineData(1)]
    [InlineData(-1)]
    public void One_cent_above_or_below_zero_prevents_closing(long balance) =>
        Given(Opened(limit: 50), Deposited(1 + balance), Withdrawn(1))
            .When(Decide)
            .ThenRefused("balance_not_zero", 422, ("balance", Shown(balance)));

    [Theory]
    [InlineData(FreezeScope.Debit)]
    [InlineData(FreezeScope.Credit)]
    [InlineData(FreezeScope.All)]
    public void A_frozen_account_is_not_closed(FreezeScope scope) =>
        Assert.Equal("account_frozen", Given(Opened(), Frozen(scope)).When(Decide).Code);

    [Theory]
    [MemberData(nameof(Rules))]
    public void Each_rule_refuses_and_tells_what_it_saw(string rule) => Guarded.Refuses(rule);

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Of_two_broken_rules_the_first_answers(string first, string second) => Guarded.Precedes(first, second);

    private static Decision Decide(Account account) => CloseAccountHandler.Decide(account, EventId, Now);
}
