using Banking.Testing;
using static Banking.Approvals.Tests.ApprovalBank;

namespace Banking.Approvals.Tests;

/// <summary>Which corrections need an approval, and those that overdraw an account.</summary>
[Collection(nameof(Shared))]
public sealed class RequiredApprovalTests(ApprovalBank bank)
{
    private readonly BankClient _bob = bank.Person("bob");

    [Fact]
    public async Task A_correction_above_the_amount_must_be_proposed_and_the_refusal_says_how()
    {
        var (_, below) = await bank.DepositedAsync("1000.00");
        var (account, above) = await bank.DepositedAsync("1000.01");
        var (_, yen) = await bank.DepositedAsync("1", "JPY");
        (await CorrectAsync(below)).Created();

        var no = (await CorrectAsync(above)).IsProblem(422, "approval_required");

        Assert.Equal(
            ("[\"amount\"]", $"POST /v1/transactions/{above}/corrections?propose=true"),
            (no.Text("approvalReasons"), no.Text("proposeBy")));
        // No amount is set for this currency.
        (await CorrectAsync(yen)).IsProblem(422, "approval_required");
        var refusal = (await bank.Teller.GetAsync($"/v1/accounts/{account}/refusals")).Ok().Items()[0];
        Assert.Equal("approval_required", refusal.Text("code"));
        var preview = (await CorrectAsync(above, dryRun: true)).Ok();
        Assert.Equal(
            ("[\"amount\"]", $"POST /v1/transactions/{above}/corrections?propose=true"),
            (preview.Text("approval", "reasons"), preview.Text("approval", "proposeBy")));
        Assert.Equal("executed", (await ApproveAsync(_bob, await bank.ProposedAsync(above))).Ok().Text("status"));
        Assert.Equal("0.00", await bank.Teller.BalanceAsync(account));
    }

    [Fact]
    public async Task A_correction_of_an_old_transaction_must_be_proposed()
    {
        var account = await bank.Teller.OpenAsync(effectiveAt: bank.Clock.Now.AddDays(-29));
        var deposit = (await bank.Teller.PostAsync("/v1/deposits", new
        {
            accountId = account,
            amount = new { value = "10.00", currency = "EUR" },
            reason = "test",
            effectiveAt = bank.Clock.Now.AddDays(-29),
        })).Created().Text("id");
        Assert.DoesNotContain("approval", (await CorrectAsync(deposit, dryRun: true)).Ok().Members());

        bank.Clock.Advance(TimeSpan.FromDays(2));

        Assert.Equal("[\"age\"]", (await CorrectAsync(deposit)).IsProblem(422, "approval_required").Text("approvalReasons"));
        var effectiveNow = new { kind = "reversal", reasonCode = "c", reason = "r", effective = "now" };
        var executed = (await ApproveAsync(_bob, await bank.ProposedAsync(deposit, effectiveNow))).Ok();
        Assert.Equal("executed", executed.Text("status"));

        // The correction is young, but the transaction that it corrects is not.
        var correction = executed.Text("result").Split('/')[^1];
        var again = (await CorrectAsync(correction, effectiveNow)).IsProblem(422, "approval_required");
        Assert.Equal("[\"age\"]", again.Text("approvalReasons"));
    }

    [Fact]
    public async Task An_account_is_overdrawn_by_a_correction_only_if_it_says_so_and_was_approved()
    {
        var (account, deposit) = await bank.DepositedAsync();
        (await bank.Teller.WithdrawAsync(account, "70.00")).Created();
        var overdrawing = new { kind = "reversal", reasonCode = "twice", reason = "paid twice", allowOverdrawn = true };

        (await CorrectAsync(deposit)).IsProblem(422, "insufficient_funds");
        (await bank.ProposeAsync(deposit)).IsProblem(422, "insufficient_funds");
        var no = (await CorrectAsync(deposit, overdrawing)).IsProblem(422, "approval_required");
        Assert.Equal("[\"overdrawn\"]", no.Text("approvalReasons"));
        Assert.Equal("[\"overdrawn\"]", (await CorrectAsync(deposit, overdrawing, dryRun: true)).Ok().Text("approval", "reasons"));
        var (larger, smaller) = (await bank.ProposedAsync(deposit, overdrawing), await bank.ProposedAsync(deposit, overdrawing));

        Assert.Equal("7000", (await bank.ReadAsync(larger.Id)).Text("mayNotExceed", $"{account}.shortfall"));
        (await bank.Teller.WithdrawAsync(account, "0.01")).Created();
        var answer = (await ApproveAsync(_bob, larger)).Ok();
        Assert.Equal(("void", $"[\"{account}.shortfall\"]"), (answer.Text("status"), answer.Text("changed")));
        (await bank.Teller.DepositAsync(account, "20.01")).Created();
        Assert.Equal("executed", (await ApproveAsync(_bob, smaller)).Ok().Text("status"));
        Assert.Equal("-50.00", await bank.Teller.BalanceAsync(account));
        (await bank.Teller.WithdrawAsync(account, "1.00")).IsProblem(422, "insufficient_funds");
    }

    [Fact]
    public async Task A_correction_that_may_overdraw_but_does_not_needs_no_approval()
    {
        var (account, deposit) = await bank.DepositedAsync();

        (await CorrectAsync(deposit, new { kind = "reversal", reasonCode = "c", reason = "r", allowOverdrawn = true })).Created();

        Assert.Equal("0.00", await bank.Teller.BalanceAsync(account));
    }

    private Task<Answer> CorrectAsync(string transaction, object? body = null, bool dryRun = false) =>
        bank.Teller.PostAsync($"/v1/transactions/{transaction}/corrections{(dryRun ? "?dryRun=true" : "")}", body ?? Reversal);
}
