using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using static Banking.Approvals.Tests.ApprovalBank;

namespace Banking.Approvals.Tests;

/// <summary>Corrections that are proposed and approved, over HTTP.</summary>
[Collection(nameof(Shared))]
public sealed class ApprovalTests(ApprovalBank bank)
{
    private readonly BankClient _ada = bank.Person("ada");
    private readonly BankClient _bob = bank.Person("bob");

    [Fact]
    public async Task An_approved_correction_is_booked_and_its_events_name_proposer_and_approver()
    {
        var (account, deposit) = await bank.DepositedAsync();
        var proposed = await bank.ProposeAsync(deposit);
        Assert.Equal(
            (202, "\"1\"", $"/v1/proposals/{proposed.Text("id")}"),
            (proposed.StatusCode, proposed.Header("ETag"), proposed.Header("Location")));
        Assert.Equal("100.00", await bank.Teller.BalanceAsync(account));
        var open = await bank.ReadAsync(proposed.Text("id"));
        Assert.Equal(
            ("open", "accounts.correct-transaction.v1", deposit, "twice", "paid twice", "ada", "1"),
            (open.Text("status"), open.Text("command", "type"), open.Text("command", "fields", "transaction"), open.Text("reasonCode"),
                open.Text("reason"), open.Text("proposedBy"), open.Text("version")));
        Assert.Equal(bank.Clock.Now.AddHours(24), open.Json.GetProperty("expiresAt").GetDateTimeOffset());

        var key = ("Idempotency-Key", BankClient.NewKey());
        var approved = (await ApproveAsync(_bob, (open.Text("id"), open.Text("commandHash")), key)).Ok();

        Assert.Equal(
            ("executed", "bob", "\"2\"", "paid twice"),
            (approved.Text("status"), approved.Text("decidedBy"), approved.Header("ETag"), approved.Text("reason")));
        var correction = (await bank.Teller.GetAsync(approved.Text("result"))).Ok();
        Assert.Equal(("correction", deposit), (correction.Text("type"), correction.Text("transactionId")));
        Assert.Equal("0.00", await bank.Teller.BalanceAsync(account));
        var again = await ApproveAsync(_bob, (open.Text("id"), open.Text("commandHash")), key);
        Assert.Equal((approved.Body, "true"), (again.Body, again.Header("Idempotency-Replayed")));
        var ended = (await ApproveAsync(_bob, (open.Text("id"), open.Text("commandHash")))).IsProblem(409, "proposal_ended");
        Assert.Equal("executed", ended.Text("proposalStatus"));
        Assert.Equal(409, ended.GetProperty("status").GetInt32());
        Assert.Equal(
            [$"bob {open.Text("id")} ada bob", $"bob {open.Text("id")} ada bob"],
            await bank.QueryAsync(
                $"""
                select concat_ws(' ', user_name, headers ->> 'proposal', headers ->> 'proposedBy', headers ->> 'approvedBy')
                from bank.mt_events where headers ->> 'proposal' = '{open.Text("id")}' order by seq_id
                """));
        var shown = (await bank.Teller.GetAsync($"/v1/accounts/{account}/events")).Ok().Items()[^1].GetProperty("approval");
        Assert.Equal((open.Text("id"), "ada", "bob"), (shown.Text("proposalId"), shown.Text("proposedBy"), shown.Text("approvedBy")));
        Assert.Equal(
            [approved.Header("Ledger-Position")!],
            await bank.QueryAsync(
                $"select max(seq_id)::text from bank.mt_events where headers ->> 'proposal' = '{open.Text("id")}'"));
    }

    [Fact]
    public async Task A_lost_wait_for_the_expiry_of_a_proposal_is_reported()
    {
        var proposal = (await bank.ProposedAsync((await bank.DepositedAsync()).Deposit)).Id;
        Assert.True(PublicId.TryParse("prp", proposal, out var id));
        var comparing = bank.Host.Services.GetRequiredService<StreamVerification>();
        async Task<IReadOnlyList<Difference>> DifferencesAsync() =>
            (await comparing.CompareAsync(StreamSelection.Of(id), [id], CancellationToken.None)).Differences;
        Assert.Empty(await DifferencesAsync());

        await bank.QueryAsync($"delete from platform.due where id = '{id}' returning id::text");

        Assert.Equal([("due", id)], (await DifferencesAsync()).Select(d => (d.Table, d.Stream!.Value)));
        (await EndAsync(_bob, proposal, "reject")).Ok();
        Assert.Empty(await DifferencesAsync());
    }

    [Fact]
    public async Task The_proposer_cannot_approve_in_any_role_and_the_attempt_is_kept()
    {
        var (account, deposit) = await bank.DepositedAsync();
        var proposal = await bank.ProposedAsync(deposit);

        foreach (var role in (string[])["teller", "operator"])
        {
            (await ApproveAsync(bank.Person("ada", role), proposal)).IsProblem(422, "own_proposal");
            (await EndAsync(bank.Person("ada", role), proposal.Id, "reject")).IsProblem(422, "own_proposal");
        }

        (await EndAsync(_bob, proposal.Id, "withdraw")).IsProblem(422, "not_own_proposal");
        Assert.Equal(("open", "100.00"), ((await bank.ReadAsync(proposal.Id)).Text("status"), await bank.Teller.BalanceAsync(account)));
        var kept = (await bank.Teller.GetAsync($"/v1/proposals/{proposal.Id}/refusals")).Ok().Items();
        Assert.Equal(
            ["not_own_proposal bob", "own_proposal ada", "own_proposal ada", "own_proposal ada", "own_proposal ada"],
            kept.Select(r => $"{r.Text("code")} {r.Text("actor")}"));
        Assert.Empty((await bank.Teller.GetAsync($"/v1/accounts/{account}/refusals")).Ok().Items());
        Assert.Equal("withdrawn", (await EndAsync(_ada, proposal.Id, "withdraw")).Ok().Text("status"));
        (await ApproveAsync(_bob, proposal)).IsProblem(409, "proposal_ended");
    }

    [Fact]
    public async Task Only_exactly_what_was_proposed_can_be_approved()
    {
        var (account, deposit) = await bank.DepositedAsync();
        var proposal = await bank.ProposedAsync(deposit);
        var other = (proposal.Hash[0] == '0' ? '1' : '0') + proposal.Hash[1..];

        (await ApproveAsync(_bob, (proposal.Id, other))).IsProblem(422, "other_command");
        (await ApproveAsync(_bob, (proposal.Id, proposal.Hash.ToUpperInvariant() + "0"))).IsProblem(400, "malformed_hash");
        (await ApproveAsync(_bob, proposal, ("If-Match", "\"7\""))).IsProblem(412, "version_mismatch");
        (await ApproveAsync(_bob, ("prp_" + new string('0', 32), proposal.Hash))).IsProblem(404, "proposal_not_found");

        Assert.Equal("100.00", await bank.Teller.BalanceAsync(account));
        (await ApproveAsync(_bob, proposal, ("If-Match", "\"1\""))).Ok();
    }

    [Fact]
    public async Task A_freeze_makes_a_proposal_void_and_ordinary_bookings_do_not()
    {
        var (account, deposit) = await bank.DepositedAsync();
        var (frozen, other) = (await bank.ProposedAsync(deposit), await bank.ProposedAsync(deposit));
        (await bank.Teller.PostAsync($"/v1/accounts/{account}/freeze", new { scope = "credit", reasonCode = "r", reason = "r" })).Ok();

        var answer = (await ApproveAsync(_bob, frozen)).Ok();

        Assert.Equal(
            ("void", "bob", $"[\"{account}.frozen\"]"), (answer.Text("status"), answer.Text("decidedBy"), answer.Text("changed")));
        (await bank.Teller.PostAsync($"/v1/accounts/{account}/unfreeze", new { scope = "credit", reasonCode = "r", reason = "r" })).Ok();
        (await bank.Teller.DepositAsync(account, "7.00")).Created();
        Assert.Equal("executed", (await ApproveAsync(_bob, other)).Ok().Text("status"));
        Assert.Equal("7.00", await bank.Teller.BalanceAsync(account));
    }

    [Fact]
    public async Task A_transaction_that_was_corrected_meanwhile_makes_a_proposal_void()
    {
        var (_, deposit) = await bank.DepositedAsync();
        var (first, second) = (await bank.ProposedAsync(deposit), await bank.ProposedAsync(deposit));
        (await ApproveAsync(_bob, first)).Ok();

        var answer = (await ApproveAsync(_bob, second)).Ok();

        Assert.Equal(("void", $"[\"{deposit}.correction\"]"), (answer.Text("status"), answer.Text("changed")));
        (await bank.ProposeAsync(deposit)).IsProblem(409, "already_corrected");
    }

    [Fact]
    public async Task A_command_that_is_refused_when_approved_ends_its_proposal_with_the_code_and_the_facts()
    {
        var (account, deposit) = await bank.DepositedAsync();
        var proposal = await bank.ProposedAsync(deposit);
        (await bank.Teller.WithdrawAsync(account, "60.00")).Created();

        var answer = (await ApproveAsync(_bob, proposal)).Ok();

        Assert.Equal(
            ("refused", "insufficient_funds", "40.00"),
            (answer.Text("status"), answer.Text("refusal", "code"), answer.Text("refusal", "facts", "available", "value")));
        Assert.Equal("40.00", await bank.Teller.BalanceAsync(account));
        (await ApproveAsync(_bob, proposal)).IsProblem(409, "proposal_ended");
    }

    [Fact]
    public async Task Proposals_are_listed_by_status_and_command_and_every_end_is_read_again()
    {
        var (_, deposit) = await bank.DepositedAsync();
        var proposals = new List<string>();
        foreach (var how in (string?[])["reject", "withdraw", null])
        {
            var proposal = await bank.ProposedAsync(deposit);
            proposals.Add(proposal.Id);
            _ = how is null ? null : (await EndAsync(how == "reject" ? _bob : _ada, proposal.Id, how)).Ok();
        }

        foreach (var (status, id) in new[] { "rejected", "withdrawn", "open" }.Zip(proposals))
        {
            var listed = (await bank.Teller.GetAsync(
                $"/v1/proposals?status={status}&command=accounts.correct-transaction.v1&limit=500")).Ok().Items();
            Assert.Contains(id, listed.Select(p => p.Text("id")));
            Assert.All(listed, p => Assert.Equal(status, p.Text("status")));
        }

        (await bank.Teller.GetAsync("/v1/proposals?command=other.v1")).IsProblem(400, "malformed_filter");
        (await bank.Teller.GetAsync("/v1/proposals?status=Open")).IsProblem(400, "malformed_filter");
    }

    [Fact]
    public async Task Customers_can_neither_propose_nor_see_nor_decide_and_auditors_only_see()
    {
        var (_, deposit) = await bank.DepositedAsync();
        var proposal = await bank.ProposedAsync(deposit);
        var customer = bank.As("customer", await bank.Teller.RegisterAsync());
        var auditor = bank.Person("eve", "auditor");

        Assert.Equal(403, (await customer.PostAsync($"/v1/transactions/{deposit}/corrections?propose=true", Reversal)).StatusCode);
        Assert.Equal(403, (await customer.GetAsync("/v1/proposals")).StatusCode);
        Assert.Equal(403, (await customer.GetAsync($"/v1/proposals/{proposal.Id}")).StatusCode);
        foreach (var caller in (BankClient[])[customer, auditor])
        {
            Assert.Equal(403, (await ApproveAsync(caller, proposal)).StatusCode);
            Assert.Equal(403, (await EndAsync(caller, proposal.Id, "reject")).StatusCode);
        }

        (await auditor.GetAsync($"/v1/proposals/{proposal.Id}")).Ok();
    }

    [Fact]
    public async Task Proposing_has_keys_of_its_own_and_is_repeated_by_them()
    {
        var (account, deposit) = await bank.DepositedAsync("2000.00");
        var (path, key) = ($"/v1/transactions/{deposit}/corrections", ("Idempotency-Key", BankClient.NewKey()));
        (await _ada.PostAsync(path, Reversal, key)).IsProblem(422, "approval_required");

        var proposed = await _ada.PostAsync(path + "?propose=true", Reversal, key);
        var again = await _ada.PostAsync(path + "?propose=true", Reversal, key);

        Assert.Equal((202, proposed.Body, "true"), (again.StatusCode, again.Body, again.Header("Idempotency-Replayed")));
        (await _ada.PostAsync(path + "?propose=yes", Reversal)).IsProblem(400, "malformed_propose");
        (await _ada.PostAsync(path + "?propose=true&dryRun=true", Reversal)).IsProblem(400, "malformed_propose");
        Assert.Equal("2000.00", await bank.Teller.BalanceAsync(account));
    }
}
