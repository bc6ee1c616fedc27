using Banking.Testing;
using static Banking.Approvals.Tests.ApprovalBank;

namespace Banking.Approvals.Tests;

/// <summary>A proposal ends once, although several callers end it at the same time or a write fails.</summary>
[Collection(nameof(Shared))]
public sealed class ApprovalRaceTests(ApprovalBank bank)
{
    [Fact]
    public async Task Of_64_parallel_approvals_on_two_hosts_one_books_and_the_log_agrees()
    {
        await using var second = await bank.StartAnotherAsync();
        BankClient[] others = [bank.Person("bob"), BankFixture.On(second, "teller")];
        var (account, deposit) = await bank.DepositedAsync();
        var proposal = await bank.ProposedAsync(deposit);
        var keys = Enumerable.Range(0, 64).Select(_ => ("Idempotency-Key", BankClient.NewKey())).ToList();

        var answers = await Task.WhenAll(keys.Select((key, i) => ApproveAsync(others[i % 2], proposal, key)));

        Assert.Equal(63, answers.Count(a => a is { StatusCode: 409, Code: "proposal_ended" }));
        var winner = Array.FindIndex(answers, a => a.StatusCode == 200);
        Assert.Equal("0.00", await bank.Teller.BalanceAsync(account));
        Assert.Equal(3, (await bank.Teller.GetAsync($"/v1/accounts/{account}")).Ok().Json.GetProperty("version").GetInt64());
        var again = await ApproveAsync(others[winner % 2], proposal, keys[winner]);
        Assert.Equal((answers[winner].Body, "true"), (again.Body, again.Header("Idempotency-Replayed")));
        await bank.AgreesWithItsLogAsync();
    }

    [Fact]
    public async Task Of_approval_rejection_and_withdrawal_at_once_exactly_one_ends_a_proposal()
    {
        var (ada, bob, eve) = (bank.Person("ada"), bank.Person("bob"), bank.Person("eve"));
        for (var i = 0; i < 10; i++)
        {
            var (account, deposit) = await bank.DepositedAsync();
            var proposal = await bank.ProposedAsync(deposit);

            var answers = await Task.WhenAll(
                ApproveAsync(bob, proposal), EndAsync(eve, proposal.Id, "reject"), EndAsync(ada, proposal.Id, "withdraw"));

            var won = Assert.Single(answers, a => a.StatusCode == 200);
            Assert.All(answers.Where(a => a != won), a => a.IsProblem(409, "proposal_ended"));
            Assert.Equal(won.Text("status"), (await bank.ReadAsync(proposal.Id)).Text("status"));
            Assert.Equal(won.Text("status") == "executed" ? "0.00" : "100.00", await bank.Teller.BalanceAsync(account));
        }
    }

    [Fact]
    public async Task If_the_end_of_the_proposal_cannot_be_stored_nothing_is_booked_and_the_same_key_books_later()
    {
        var (account, deposit) = await bank.DepositedAsync();
        var proposal = await bank.ProposedAsync(deposit);
        var key = ("Idempotency-Key", BankClient.NewKey());
        await bank.QueryAsync(
            """
            create function bank.refuse_executed() returns trigger language plpgsql as $$ begin raise exception 'planted'; end $$;
            create trigger refuse_executed before insert on bank.mt_events for each row
                when (new.type = 'approvals.proposal-executed.v1') execute function bank.refuse_executed();
            """);
        try
        {
            Assert.Equal(500, (await ApproveAsync(bank.Person("bob"), proposal, key)).StatusCode);
            Assert.Equal("100.00", await bank.Teller.BalanceAsync(account));
            Assert.Equal("open", (await bank.ReadAsync(proposal.Id)).Text("status"));
        }
        finally
        {
            await bank.QueryAsync("drop trigger refuse_executed on bank.mt_events; drop function bank.refuse_executed();");
        }

        Assert.Equal("executed", (await ApproveAsync(bank.Person("bob"), proposal, key)).Ok().Text("status"));
        Assert.Equal("0.00", await bank.Teller.BalanceAsync(account));
    }
}
