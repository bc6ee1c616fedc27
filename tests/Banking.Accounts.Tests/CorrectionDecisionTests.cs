using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Commands.Decisions;
using static Banking.Accounts.Tests.AccountSpec;

namespace Banking.Accounts.Tests;

/// <summary>The pure decision of a correction: which events it makes, and which rule answers first.</summary>
public sealed class CorrectionDecisionTests
{
    private static readonly Guid Deposit = new("01930000-0000-7000-8000-0000000000d1");
    private static readonly Guid[] NewIds =
        [EventId, OtherEventId, new("01930000-0000-7000-8000-0000000000e3"), new("01930000-0000-7000-8000-0000000000e4")];

    private static readonly BookedTransaction Deposited100 = new(
        Deposit, Deposit, true, new(TransactionKind.Deposit, Id, null, Eur(100), BankSide.Cash, OpenedAt, null));

    [Fact]
    public void A_wrong_amount_is_taken_back_and_booked_again_on_the_same_account_and_time()
    {
        var link = new CorrectionLink(EventId, Deposit, Deposit, TransactionKind.Deposit, CorrectionKind.Amount);

        Given(Opened(), Deposited(100)).When(Decide(Amount(50))).Then(
            new(Id, OtherEventId, new MovementReversed(link, Direction.Debit, Eur(100), OpenedAt, BankSide.Cash)),
            new(Id, EventId, new MovementRebooked(link, Direction.Credit, Eur(50), OpenedAt, BankSide.Cash)));
    }

    [Fact]
    public void Only_the_difference_must_be_available()
    {
        IAccountEvent[] spent = [Opened(), Deposited(100), Withdrawn(60)];

        Assert.Equal("accepted", Given(spent).When(Decide(Amount(60))).Code);
        Given(spent).When(Decide(Amount(59))).ThenRefused(
            "insufficient_funds", 422, ("accountId", PublicAccountId), ("available", Shown(40)), ("requested", Shown(41)),
            ("effectiveAt", OpenedAt), ("lowestAt", OpenedAt), ("lowestBalance", Shown(40)), ("overdraftLimit", Shown(0)),
            ("version", 3L));
    }

    [Fact]
    public void A_later_time_needs_the_money_only_until_then()
    {
        MoneyWithdrawn withdrawn = new(Eur(100), BankSide.Cash, OpenedAt.AddDays(2));
        CorrectTransaction To(DateTimeOffset at) => new("k", "t", CorrectionKind.EffectiveDate, "c", "r", EffectiveAt: at);

        Assert.Equal("accepted", Given(Opened(), Deposited(100), withdrawn).When(Decide(To(OpenedAt.AddDays(2)))).Code);
        Assert.Equal("insufficient_funds", Given(Opened(), Deposited(100), withdrawn).When(Decide(To(OpenedAt.AddDays(3)))).Code);
    }

    [Fact]
    public void A_time_may_be_corrected_as_far_back_as_a_command_may_be_backdated_or_as_the_transaction_was_effective()
    {
        IAccountEvent[] history =
            [Opened() with { EffectiveAt = Now.AddYears(-5) }, Deposited(100) with { EffectiveAt = Now.AddYears(-4) }];
        var (limit, second, years) = (Now.AddDays(-30), TimeSpan.FromSeconds(1), Now.AddYears(-2));
        var (recent, old) = (At(Now), At(years));
        CorrectTransaction To(DateTimeOffset at) => new("k", "t", CorrectionKind.EffectiveDate, "c", "r", EffectiveAt: at);
        string Code(DateTimeOffset to, BookedTransaction corrected, BookedTransaction? first = null) =>
            Given(history).When(Decide(To(to), corrected, first)).Code;

        Assert.Equal("accepted", Code(limit, recent));
        Given(history).When(Decide(To(limit - second), recent)).ThenRefused(
            "effective_too_early", 422, ("effectiveAt", limit - second), ("earliest", limit), ("now", Now));
        Assert.Equal("accepted", Code(years + second, old));
        Assert.Equal("effective_too_early", Code(years - second, old));
        Assert.Equal("accepted", Code(years, recent, first: old));

        BookedTransaction At(DateTimeOffset at) => Deposited100 with { Booking = Deposited100.Booking with { EffectiveAt = at } };
    }

    [Fact]
    public void A_freeze_of_the_past_does_not_count()
    {
        AccountUnfrozen unfrozen = new(FreezeScope.All, OpenedAt.AddDays(1));

        Assert.Equal("accepted", Given(Opened(), Deposited(100), Frozen(FreezeScope.All), unfrozen).When(Decide(Reversal)).Code);
        Assert.Equal("account_frozen", Given(Opened(), Deposited(100), Frozen(FreezeScope.Debit)).When(Decide(Reversal)).Code);
        Assert.Equal("accepted", Given(Opened(), Deposited(100), Frozen(FreezeScope.Credit)).When(Decide(Reversal)).Code);
        Assert.Equal("account_frozen", Given(Opened(), Deposited(100), Frozen(FreezeScope.Credit)).When(Decide(Amount(101))).Code);
    }

    [Fact]
    public void An_earlier_correction_answers_before_all_other_rules()
    {
        var link = new CorrectionLink(OtherEventId, Deposit, Deposit, TransactionKind.Deposit, CorrectionKind.Reversal);
        MovementReversed reversed = new(link, Direction.Debit, Eur(100), OpenedAt, BankSide.Cash);

        Given(Opened(), Deposited(100), reversed, Closed).When(Decide(Reversal)).ThenRefused(
            "already_corrected", 409, ("transactionId", "dep_019300000000700080000000000000d1"),
            ("correctionId", "cor_019300000000700080000000000000e2"));
    }

    [Fact]
    public void A_row_of_amount_zero_of_an_import_has_nothing_to_correct()
    {
        var zero = Deposited100 with { Booking = Deposited100.Booking with { Amount = Eur(0) } };

        Assert.Equal("nothing_to_correct", Given(Opened()).When(Decide(Reversal, zero)).Code);
        Assert.Equal("nothing_to_correct", Given(Opened()).When(Decide(Amount(5), zero)).Code);
    }

    [Fact]
    public void The_balance_may_not_become_too_large() => Assert.Equal(
        "balance_too_large",
        Given(Opened(), Deposited(Guards.MaxBalance)).When(Decide(Amount(101))).Code);

    [Theory]
    [InlineData(0, "accepted")]
    [InlineData(1, "balance_too_large")]
    public void Nor_may_it_become_too_far_below_zero_where_it_may_be_overdrawn(long more, string code) => Assert.Equal(
        code,
        Given(Opened(), Deposited(100), Withdrawn(Guards.MaxBalance + more)).When(Decide(Reversal with { AllowOverdrawn = true })).Code);

    [Fact]
    public void A_shortfall_of_more_than_64_bits_needs_an_approval_like_any_other()
    {
        // For a day, the withdrawals had taken effect and their deposits had not.
        var (withdrawn, deposited) = (OpenedAt.AddDays(1), OpenedAt.AddDays(2));
        IAccountEvent[] history =
        [
            Opened(), Deposited(100),
            .. Enumerable.Range(0, 93).SelectMany(_ => (IAccountEvent[])
            [
                Deposited(Guards.MaxAmount) with { EffectiveAt = deposited },
                Withdrawn(Guards.MaxAmount) with { EffectiveAt = withdrawn },
            ]),
        ];
        var account = FoldWithTimeline(Id, history);

        var accepted = Assert.IsType<Decision.Accepted>(Decide(Reversal with { AllowOverdrawn = true })(account));
        var basis = CorrectionApproval.Of(
            Deposited100, OpenedAt, new Dictionary<Guid, Account> { [Id] = account }, accepted.Events, allowOverdrawn: true,
            CorrectionApprovalRule.None, Now);

        Assert.Equal(["overdrawn"], basis.Reasons);
        Assert.Equal([long.MaxValue], basis.Limits.Values);
    }

    private static CorrectTransaction Reversal => new("k", "t", CorrectionKind.Reversal, "c", "r");

    private static CorrectTransaction Amount(long minor) => new("k", "t", CorrectionKind.Amount, "c", "r", Amount: Eur(minor));

    private static Func<Account, Decision> Decide(
        CorrectTransaction command, BookedTransaction? corrected = null, BookedTransaction? first = null) => account =>
        CorrectionDecision.Decide(
            command, corrected ?? Deposited100, new(), new Dictionary<Guid, Account> { [Id] = account }, NewIds,
            CorrectionTimeLimit.Of(BackdatingRule.Default, corrected ?? Deposited100, first), Now);
}
