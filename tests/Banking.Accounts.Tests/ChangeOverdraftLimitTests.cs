using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using static Banking.Accounts.Tests.AccountSpec;

namespace Banking.Accounts.Tests;

public sealed class ChangeOverdraftLimitTests
{
    private static readonly GuardTable<ChangeOverdraftLimit> Guarded = new(
        [Opened(limit: 100), Withdrawn(60)],
        Change("0.60"),
        Decide,
        new("closed", "account_closed", 409, [Closed], c => c, ("accountId", PublicAccountId)),
        new("below use", "limit_below_use", 422, [], c => c with { Limit = "0.59" }, ("balance", Shown(-60)), ("limit", Shown(59))));

    public static TheoryData<string> Rules => Guarded.Names;

    public static TheoryData<string, string> Pairs => Guarded.Pairs;

    [Theory]
    [InlineData("500.00", 50_000)]
    [InlineData("0", 0)]
    [InlineData("1000000000000000.00", Guards.MaxAmount)]
    public void A_limit_is_set(string limit, long minor) => Given(Opened())
        .When(a => Decide(Change(limit), a))
        .Then(Fact(new OverdraftLimitSet(Eur(minor), Now)));

    [Fact]
    public void The_limit_can_be_lowered_to_exactly_the_amount_in_use() => Given(Opened(limit: 100), Withdrawn(60))
        .When(a => Decide(Change("0.60"), a))
        .Then(Fact(new OverdraftLimitSet(Eur(60), Now)));

    [Fact]
    public void The_limit_of_a_frozen_account_can_be_changed() => Given(Opened(), Frozen(FreezeScope.All))
        .When(a => Decide(Change("1.00"), a))
        .Then(Fact(new OverdraftLimitSet(Eur(100), Now)));

    /// <summary>Rejected and not stored, like any malformed request; but only the account's currency shows that it is malformed.</summary>
    [Theory]
    [InlineData("1.001")]
    [InlineData("-1.00")]
    [InlineData("1e3")]
    [InlineData("")]
    [InlineData("1000000000000000.01")]
    [InlineData("92233720368547758.08")]
    public void A_limit_that_is_not_an_amount_of_the_currency_is_rejected(string limit)
    {
        var rejected = Assert.IsType<Decision.Rejected>(Decide(Change(limit), Fold(Id, [Opened()])));
        Assert.Equal(
            ("invalid_amount", 422, "#/limit"),
            (rejected.Refusal.Code, HttpStatus.Of(rejected.Refusal.Kind), rejected.Refusal.Pointer));
    }

    [Fact]
    public void On_a_closed_account_the_refusal_precedes_the_check_of_the_limit() =>
        Assert.Equal("account_closed", Given(Opened(), Closed).When(a => Decide(Change("x"), a)).Code);

    [Theory]
    [MemberData(nameof(Rules))]
    public void Each_rule_refuses_and_tells_what_it_saw(string rule) => Guarded.Refuses(rule);

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Of_two_broken_rules_the_first_answers(string first, string second) => Guarded.Precedes(first, second);

    private static ChangeOverdraftLimit Change(string limit) => new("key", PublicAccountId, limit, "agreed", "By letter");

    private static Decision Decide(ChangeOverdraftLimit command, Account account) =>
        ChangeOverdraftLimitHandler.Decide(command, account, EventId, Now);
}
