using Alba;
using Banking.Testing;

namespace Banking.Approvals.Tests;

/// <summary>Proposals expire on the bank's clock. The tests move it, so they have a bank of their own.</summary>
public sealed class ExpiryTests : ApprovalBank
{
    [Fact]
    public async Task A_proposal_expires_on_time_or_when_the_next_host_starts_and_one_that_ended_stays_as_it_is()
    {
        var (account, deposit) = await DepositedAsync();
        var (late, rejected) = (await ProposedAsync(deposit), await ProposedAsync(deposit));
        (await EndAsync(Person("bob"), rejected.Id, "reject")).Ok();
        Clock.Advance(TimeSpan.FromHours(1));
        var later = await ProposedAsync(deposit);
        Clock.Advance(TimeSpan.FromHours(23));

        // At this instant it has expired, whether or not its row was read.
        var no = await ApproveAsync(Person("bob"), late);
        Assert.True(no is { StatusCode: 409, Code: "proposal_expired" or "proposal_ended" }, no.Body);
        await UntilAsync(Host, late.Id, "expired");
        Assert.Equal("open", (await ReadAsync(later.Id)).Text("status"));

        await Host.DisposeAsync();
        Clock.Advance(TimeSpan.FromDays(3));
        await using var next = await StartAnotherAsync();

        await UntilAsync(next, later.Id, "expired");
        await Eventually.UntilAsync(async () => (await QueryAsync("select count(*)::text from platform.due"))[0], rows => rows == "0");
        Assert.Equal("rejected", (await On(next, "teller").GetAsync($"/v1/proposals/{rejected.Id}")).Ok().Text("status"));
        Assert.Equal("100.00", await On(next, "teller").BalanceAsync(account));
        (await On(next, "teller").PostAsync(
            $"/v1/proposals/{later.Id}/approve", new { commandHash = later.Hash })).IsProblem(409, "proposal_ended");
    }

    private static Task<string> UntilAsync(IAlbaHost host, string proposal, string status) => Eventually.UntilAsync(
        async () => (await On(host, "teller").GetAsync($"/v1/proposals/{proposal}")).Ok().Text("status"), s => s == status);
}
