using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Accounts.Views;
using Banking.Commands.Decisions;
using static Banking.Accounts.Tests.AccountSpec;

namespace Banking.Accounts.Tests;

public sealed class UnfreezeAccountTests
{
    private static readonly GuardTable<UnfreezeAccount> Guarded = new(
        [Opened(), Frozen(FreezeScope.Debit)],
        Unfreeze(FreezeScope.Debit),
        Decide,
        new("closed", "account_closed", 409, [Closed], c => c, ("accountId", PublicAccountId)),
        new("not frozen", "not_frozen", 409, [], c => c with { Scope = FreezeScope.Credit }, ("frozen", new FrozenView(true, false))));

    public static TheoryData<string> Rules => Guarded.Names;

    public static TheoryData<string, string> Pairs => Guarded.Pairs;

    [Fact]
    public void An_unfreeze_is_recorded() => Given(Opened(), Frozen(FreezeScope.All))
        .When(a => Decide(Unfreeze(FreezeScope.All), a))
        .Then(Fact(new AccountUnfrozen(FreezeScope.All, Now)));

    /// <summary>One row per frozen scope and requested scope, with the movements that remain frozen.</summary>
    [Theory]
    [InlineData(FreezeScope.Debit, FreezeScope.Debit, "accepted", false, false)]
    [InlineData(FreezeScope.Debit, FreezeScope.Credit, "not_frozen", true, false)]
    [InlineData(FreezeScope.Debit, FreezeScope.All, "accepted", false, false)]
    [InlineData(FreezeScope.Credit, FreezeScope.Debit, "not_frozen", false, true)]
    [InlineData(FreezeScope.Credit, FreezeScope.Credit, "accepted", false, false)]
    [InlineData(FreezeScope.Credit, FreezeScope.All, "accepted", false, false)]
    [InlineData(FreezeScope.All, FreezeScope.Debit, "accepted", false, true)]
    [InlineData(FreezeScope.All, FreezeScope.Credit, "accepted", true, false)]
    [InlineData(FreezeScope.All, FreezeScope.All, "accepted", false, false)]
    public void Only_frozen_movements_are_unfrozen(FreezeScope before, FreezeScope asked, string code, bool debit, bool credit)
    {
        var account = Fold(Id, [Opened(), Frozen(before)]);
        var decision = Decide(Unfreeze(asked), account);

        Assert.Equal(code, new Verdict(decision).Code);
        var after = decision is Decision.Accepted accepted ? Account.Fold(account, Id, accepted.Events[0].Data, Now) : account;
        Assert.Equal((debit, credit), (after.DebitFrozen, after.CreditFrozen));
    }

    [Theory]
    [MemberData(nameof(Rules))]
    public void Each_rule_refuses_and_tells_what_it_saw(string rule) => Guarded.Refuses(rule);

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Of_two_broken_rules_the_first_answers(string first, string second) => Guarded.Precedes(first, second);

    private static UnfreezeAccount Unfreeze(FreezeScope scope) => new("key", PublicAccountId, scope, "court-order", "Order 17 lifted");

    private static Decision Decide(UnfreezeAccount command, Account account) =>
        UnfreezeAccountHandler.Decide(command, account, EventId, Now);
}
