using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Commands.Receipts;
using Banking.SharedKernel;
using static Banking.Accounts.Tests.AccountSpec;

namespace Banking.Accounts.Tests;

public sealed class OpenAccountTests
{
    private static readonly Currency Euro = Currency.Parse("EUR");
    private static readonly OpenAccount Command = new("key", PublicId.Format("cus", OwnerId), Euro, "current");

    [Fact]
    public void An_account_is_opened() => Decide(Command with { OverdraftLimit = Eur(500) })
        .Then(Fact(new AccountOpened(Number, OwnerId, "current", Eur(500), Now)));

    [Fact]
    public void The_default_limit_is_zero_in_the_currency_of_the_account() => Decide(Command with { Currency = Currency.Parse("JPY") })
        .Then(Fact(new AccountOpened(Number, OwnerId, "current", Money.Zero(Currency.Parse("JPY")), Now)));

    [Fact]
    public void A_backdated_opening_stores_its_effective_time() => Decide(Command with { EffectiveAt = Now.AddDays(-3) })
        .Then(Fact(new AccountOpened(Number, OwnerId, "current", Eur(0), Now.AddDays(-3))));

    [Fact]
    public void An_opening_in_the_future_is_refused() => Decide(Command with { EffectiveAt = Now.AddSeconds(3) })
        .ThenRefused("effective_in_future", 422, ("effectiveAt", Now.AddSeconds(3)), ("now", Now));

    [Fact]
    public void A_new_account_is_open_empty_and_at_version_1()
    {
        var account = Fold(Id, [Opened(limit: 500)]);

        Assert.Equal(
            new Account(
                Id,
                1,
                OpenedAt,
                Number,
                OwnerId,
                account.Delegates,
                "current",
                AccountStatus.Open,
                Eur(0),
                Eur(500),
                false,
                false,
                OpenedAt,
                null),
            account);
        Assert.Empty(account.Delegates);
        Assert.Equal(Eur(500), account.Available);
    }

    /// <summary>Checks that need no account: a failure is answered as malformed and not stored.</summary>
    [Theory]
    [InlineData("negative limit", "invalid_amount")]
    [InlineData("limit too large", "invalid_amount")]
    [InlineData("limit in another currency", "currency_mismatch")]
    [InlineData("blank product", "invalid_text")]
    [InlineData("long reason", "invalid_text")]
    public void A_malformed_opening_is_refused_with_the_code_of_the_error(string what, string code)
    {
        var command = what switch
        {
            "negative limit" => Command with { OverdraftLimit = Eur(-1) },
            "limit too large" => Command with { OverdraftLimit = Eur(Guards.MaxAmount + 1) },
            "limit in another currency" => Command with { OverdraftLimit = Usd(1) },
            "blank product" => Command with { Product = " " },
            _ => Command with { Reason = new('x', 501) },
        };

        Assert.Equal(
            (code, 422), OpenAccountHandler.Shape.Check(command) is { } refusal ? (refusal.Code, HttpStatus.Of(refusal.Kind)) : default);
        Assert.Null(OpenAccountHandler.Shape.Check(Command with { OverdraftLimit = Eur(Guards.MaxAmount), Reason = new('x', 500) }));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_fold_throws_unless_the_opening_is_the_first_and_only_one(bool opened) =>
        Assert.Throws<InvalidOperationException>(() => Fold(Id, opened ? [Opened(), Opened()] : [Deposited(1)]));

    private static Verdict Decide(OpenAccount command) =>
        new(OpenAccountHandler.Decide(command, Id, OwnerId, Number, EventId, Now, BackdatingRule.Default));
}
