using static Banking.Approvals.Tests.ApprovalBank;

namespace Banking.Approvals.Tests;

/// <summary>Proposals are published like the events of accounts.</summary>
[Collection(nameof(Shared))]
public sealed class PublicationTests(ApprovalBank bank)
{
    [Fact]
    public async Task The_feed_has_the_events_of_a_proposal_without_persons_and_webhooks_can_ask_for_them()
    {
        var (_, deposit) = await bank.DepositedAsync();
        var start = (await bank.QueryAsync("select max(seq_id)::text from bank.mt_events"))[0];
        var proposal = await bank.ProposedAsync(deposit);
        var approved = (await ApproveAsync(bank.Person("bob"), proposal)).Ok();

        var operators = bank.As("operator");
        var items = (await operators.GetCurrentAsync(
            $"/v1/feed?after={start}&limit=100", approved.Header("Ledger-Position")!)).Ok().Items();

        var published = items.Where(e => e.Text("subject") == proposal.Id).ToList();
        Assert.Equal(["banking.proposal.command-proposed.v1", "banking.proposal.executed.v1"], published.Select(e => e.Text("type")));
        Assert.Equal(
            (proposal.Hash, approved.Text("result")),
            (published[0].GetProperty("data").Text("commandHash"), published[1].GetProperty("data").Text("result")));
        Assert.All(published, e => Assert.DoesNotContain("ada", e.GetProperty("data").GetRawText(), StringComparison.Ordinal));
        (await operators.PostAsync(
            "/v1/webhooks", new { url = "http://127.0.0.1:1/", types = new[] { "banking.proposal.command-proposed.v1" } })).Created();
    }

    [Fact]
    public async Task The_audit_trail_names_what_a_discarded_dead_letter_is_about()
    {
        var (account, deposit) = await bank.DepositedAsync();
        var proposal = await bank.ProposedAsync(deposit);
        string[] subjects = [account, proposal.Id];
        foreach (var subject in subjects)
        {
            await bank.QueryAsync(
                "insert into publishing.blocked_account (publisher, account, position, event_id, event_type, cause, detail, since) "
                    + $"values ('planted', '{Guid.Parse(subject[4..])}', 1, 'evt_1', 'test', 'test', 'test', now()) returning publisher");
            var request = new { account = subject, destination = "planted", reasonCode = "test", reason = "A test asks for it." };
            Assert.Equal(202, (await bank.As("operator").PostAsync("/ops/dead-letters/discard", request)).StatusCode);
        }

        var end = (await bank.QueryAsync("select max(seq_id)::text from bank.mt_events"))[0];
        var discarded = (await bank.As("auditor").GetCurrentAsync("/audit/events?type=publishing.dead-letter-discarded.v1", end))
            .Ok().Items();

        Assert.Equal(subjects.Reverse(), discarded.Select(e => e.GetProperty("data").Text("account")));
        await bank.QueryAsync("delete from publishing.blocked_account where publisher = 'planted' returning publisher");
    }
}
