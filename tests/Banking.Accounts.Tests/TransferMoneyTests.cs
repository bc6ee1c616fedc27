using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using static Banking.Accounts.Tests.AccountSpec;

namespace Banking.Accounts.Tests;

public sealed class TransferMoneyTests
{
    private static readonly string PublicPayeeId = SharedKernel.PublicId.Format("acc", PayeeId);
    private static readonly AccountOpened PayeeOpened = Opened() with { Number = PayeeNumber };

    private static readonly GuardTable<Attempt> Guarded = new(
        [Opened(), Deposited(100)],
        new(Transfer(100), [PayeeOpened]),
        Decide,
        new("same account", "same_account", 422, [], t => t with { Payee = null }, ("accountId", PublicAccountId)),
        new("closed", "account_closed", 409, [Closed], t => t, ("accountId", PublicAccountId)),
        new("frozen", "account_frozen", 422, [Frozen(FreezeScope.Debit)], t => t, ("accountId", PublicAccountId), ("direction", "debit")),
        new("currency", "currency_mismatch", 422, [], t => t with { Command = t.Command with { Amount = Usd(100) } },
            ("accountCurrency", "EUR"), ("amountCurrency", "USD")),
        new("future", "effective_in_future", 422, [], t => t with { Command = t.Command with { EffectiveAt = Now.AddSeconds(3) } },
            ("effectiveAt", Now.AddSeconds(3)), ("now", Now)),
        new("funds", "insufficient_funds", 422, [Withdrawn(1)], t => t,
            ("available", Shown(99)), ("requested", Shown(100)), ("balance", Shown(99)), ("overdraftLimit", Shown(0)), ("version", 3L)),
        new("payee closed", "payee_account_closed", 409, [], t => t.PayeeAlso(Closed), ("accountId", PublicPayeeId)),
        new("payee frozen", "payee_account_frozen", 422, [], t => t.PayeeAlso(Frozen(FreezeScope.Credit)), ("accountId", PublicPayeeId)),
        // Replaces the payee's opening by one in another currency.
        new(
            "payee currency",
            "currency_mismatch",
            422,
            [],
            t => t with { Payee = t.Payee is null ? null : [PayeeOpened with { OverdraftLimit = Usd(0) }, .. t.Payee[1..]] },
            ("accountId", PublicPayeeId)),
        new(
            "payee too large",
            "payee_balance_too_large",
            422,
            [],
            t => t.PayeeAlso(PayeeHolds(t, Guards.MaxBalance - 99)),
            ("accountId", PublicPayeeId)));

    public static TheoryData<string> Rules => Guarded.Names;

    public static TheoryData<string, string> Pairs => Guarded.Pairs;

    [Fact]
    public void Both_halves_are_booked_under_one_transfer_id() => Given(Opened(), Deposited(100))
        .When(a => Decide(new(Transfer(40) with { Reference = "rent" }, [PayeeOpened]), a))
        .Then(
            new(Id, EventId, new TransferSent(EventId, PayeeId, PayeeNumber, Eur(40), Now, new(Reference: "rent"))),
            new(PayeeId, OtherEventId, new TransferReceived(EventId, Id, Number, Eur(40), Now, new(Reference: "rent"))));

    [Fact]
    public void A_backdated_transfer_stores_its_effective_time_on_both_accounts() => Given(Opened(), Deposited(100))
        .When(a => Decide(new(Transfer(40) with { EffectiveAt = Now.AddDays(-3) }, [PayeeOpened]), a))
        .Then(
            new(Id, EventId, new TransferSent(EventId, PayeeId, PayeeNumber, Eur(40), Now.AddDays(-3))),
            new(PayeeId, OtherEventId, new TransferReceived(EventId, Id, Number, Eur(40), Now.AddDays(-3))));

    [Theory]
    [InlineData(120, "accepted")]
    [InlineData(121, "insufficient_funds")]
    public void The_whole_available_amount_can_be_transferred(long amount, string code) => Assert.Equal(
        code, Given(Opened(limit: 20), Deposited(100)).When(a => Decide(new(Transfer(amount), [PayeeOpened]), a)).Code);

    [Theory]
    [MemberData(nameof(Rules))]
    public void Each_rule_refuses_and_tells_what_it_saw(string rule) => Guarded.Refuses(rule);

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Of_two_broken_rules_the_first_answers(string first, string second) => Guarded.Precedes(first, second);

    [Theory]
    [InlineData("payee_account_closed")]
    [InlineData("payee_account_frozen")]
    [InlineData("currency_mismatch")]
    [InlineData("payee_balance_too_large")]
    public void The_payer_never_learns_the_balance_of_the_payee(string code)
    {
        const long secret = Guards.MaxBalance - 4_711;
        IAccountEvent[] payee = code switch
        {
            "payee_account_closed" => [PayeeOpened, Deposited(secret), Closed],
            "payee_account_frozen" => [PayeeOpened, Deposited(secret), Frozen(FreezeScope.All)],
            "currency_mismatch" => [PayeeOpened with { OverdraftLimit = Usd(0) }, new MoneyDeposited(Usd(secret), BankSide.Cash, OpenedAt)],
            _ => [PayeeOpened, Deposited(secret)],
        };
        var verdict = Given(Opened(), Deposited(10_000)).When(a => Decide(new(Transfer(10_000), payee), a));

        var answer = ProblemDocument.Of(
            verdict.ThenRefused(code, code == "payee_account_closed" ? 409 : 422, ("accountId", PublicPayeeId)), "trace");
        Assert.DoesNotContain(Shown(secret).Value, answer, StringComparison.Ordinal);
        Assert.DoesNotContain(OwnerId.ToString("N"), answer, StringComparison.Ordinal);
    }

    private static MoneyDeposited PayeeHolds(Attempt attempt, long minor) => new(
        attempt.Payee?[0] is AccountOpened opened ? opened.OverdraftLimit with { Minor = minor } : Eur(minor), BankSide.Cash, OpenedAt);

    private static TransferMoney Transfer(long minor) => new("key", PublicAccountId, PublicPayeeId, Eur(minor));

    private static Decision Decide(Attempt attempt, Account from) =>
        TransferMoneyHandler.Decide(
            attempt.Command,
            from,
            attempt.Payee is { } payee ? FoldWithTimeline(PayeeId, payee) : from,
            new(EventId, OtherEventId),
            Now,
            BackdatingRule.Default);

    /// <summary>A transfer and the history of its payee; null if payer and payee are the same account.</summary>
    private sealed record Attempt(TransferMoney Command, IAccountEvent[]? Payee)
    {
        public Attempt PayeeAlso(IAccountEvent e) => this with { Payee = Payee is null ? null : [.. Payee, e] };
    }
}
