using Banking.Commands.Operators;
using Banking.ReadModels.Verifying;
using Banking.SharedKernel;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>A stream too long for memory is compared and repaired page by page.</summary>
public sealed class LongStreamTests(ProbedBank bank) : IClassFixture<ProbedBank>
{
    [Fact]
    public async Task All_rows_of_a_long_stream_are_compared_and_repaired()
    {
        var history = new RandomHistory(bank, 80);
        await history.RunAsync(5);
        await history.GrowAsync(9);
        await bank.CaughtUpAsync();
        await bank.DocumentsCurrentAsync();
        Assert.True(PublicId.TryParse("acc", history.Busy, out var account));
        Assert.True((await bank.QueryAsync<long>("select version from bank.mt_streams where id = $1", account))[0] > 5_000);
        var end = (await bank.QueryAsync<long>("select max(seq_id) from bank.mt_events"))[0];
        var clean = await VerifyAsync();
        Assert.Empty(clean.Differences);
        Assert.Equal(end, clean.Events);

        var (entry, journal) = (
            await bank.ActiveAsync("accounts", "entry", "entries"), await bank.ActiveAsync("ledger", "journal", "ledger"));
        await bank.ExecuteAsync($"update {entry} set balance = balance + 1 where account = $1 and version = 3456", account);
        await bank.ExecuteAsync(
            $"delete from {journal} where position = (select position from {entry} where account = $1 and version = 4567)", account);
        await bank.ExecuteAsync("update accounts.mt_doc_account set data = jsonb_set(data, '{balance,minor}', '1') where id = $1", account);

        const string Overview = "update accounts.mt_doc_customer_overview set data = jsonb_set(data, '{accounts,0,account,debitFrozen}', ";
        var owner = (await bank.QueryAsync<Guid>("select (data ->> 'owner')::uuid from accounts.mt_doc_account where id = $1", account))[0];
        await bank.ForgeAsync($"{Overview} 'true') where id = '{owner}'");

        var found = (await VerifyAsync()).Differences;
        Assert.Equal(["entry", "journal", "state"], found.Where(d => d.Stream == account).Select(d => d.Table).Order());
        Assert.Equal(["customer_overview"], found.Where(d => d.Stream == owner).Select(d => d.Table));
        await bank.ForgeAsync($"{Overview} 'false') where id = '{owner}'");
        var repair = bank.Host.Services.GetRequiredService<Repair>();
        foreach (var name in (string[])["entries", "ledger"])
        {
            Assert.NotEmpty((await repair.RunAsync(name, OperatorAction.OfTheBank("test"), CancellationToken.None))!.Repaired);
        }

        await bank.CaughtUpAsync();
        Assert.Empty((await VerifyAsync()).Differences);
    }

    private Task<VerificationResult> VerifyAsync() => bank.Verification.RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None);
}
