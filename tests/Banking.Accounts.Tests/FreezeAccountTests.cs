using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Accounts.Views;
using Banking.Commands.Decisions;
using static Banking.Accounts.Tests.AccountSpec;

namespace Banking.Accounts.Tests;

public sealed class FreezeAccountTests
{
    private static readonly GuardTable<FreezeAccount> Guarded = new(
        [Opened()],
        Freeze(FreezeScope.Debit),
        Decide,
        new("closed", "account_closed", 409, [Closed], c => c, ("accountId", PublicAccountId)),
        new("already", "already_frozen", 409, [Frozen(FreezeScope.Debit)], c => c, ("frozen", new FrozenView(true, false))));

    public static TheoryData<string> Rules => Guarded.Names;

    public static TheoryData<string, string> Pairs => Guarded.Pairs;

    [Theory]
    [InlineData(FreezeScope.Debit, true, false)]
    [InlineData(FreezeScope.Credit, false, true)]
    [InlineData(FreezeScope.All, true, true)]
    public void A_freeze_is_recorded_and_blocks_its_movements(FreezeScope scope, bool debit, bool credit)
    {
        Given(Opened()).When(a => Decide(Freeze(scope), a)).Then(Fact(new AccountFrozen(scope, Now)));

        var frozen = Fold(Id, [Opened(), new AccountFrozen(scope, Now)]);
        Assert.Equal((debit, credit), (frozen.DebitFrozen, frozen.CreditFrozen));
    }

    /// <summary>One row per frozen scope and requested scope.</summary>
    [Theory]
    [InlineData(FreezeScope.Debit, FreezeScope.Debit, "already_frozen")]
    [InlineData(FreezeScope.Debit, FreezeScope.Credit, "accepted")]
    [InlineData(FreezeScope.Debit, FreezeScope.All, "accepted")]
    [InlineData(FreezeScope.Credit, FreezeScope.Debit, "accepted")]
    [InlineData(FreezeScope.Credit, FreezeScope.Credit, "already_frozen")]
    [InlineData(FreezeScope.Credit, FreezeScope.All, "accepted")]
    [InlineData(FreezeScope.All, FreezeScope.Debit, "already_frozen")]
    [InlineData(FreezeScope.All, FreezeScope.Credit, "already_frozen")]
    [InlineData(FreezeScope.All, FreezeScope.All, "already_frozen")]
    public void Only_a_freeze_that_blocks_more_movements_is_recorded(FreezeScope before, FreezeScope asked, string code) =>
        Assert.Equal(code, Given(Opened(), Frozen(before)).When(a => Decide(Freeze(asked), a)).Code);

    [Fact]
    public void Two_freezes_add_up()
    {
        var frozen = Fold(Id, [Opened(), Frozen(FreezeScope.Debit), Frozen(FreezeScope.Credit)]);
        Assert.Equal((true, true), (frozen.DebitFrozen, frozen.CreditFrozen));
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Each_rule_refuses_and_tells_what_it_saw(string rule) => Guarded.Refuses(rule);

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Of_two_broken_rules_the_first_answers(string first, string second) => Guarded.Precedes(first, second);

    private static FreezeAccount Freeze(FreezeScope scope) => new("key", PublicAccountId, scope, "court-order", "Order 17");

    private static Decision Decide(FreezeAccount command, Account account) => FreezeAccountHandler.Decide(command, account, EventId, Now);
}
