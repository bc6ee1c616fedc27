using Banking.Testing;

namespace Banking.Operations.Tests.Archive;

/// <summary>A bank with an archive that carries the state of an account forward after every five events.</summary>
public sealed class CarryingArchivedBank : ArchivedBank
{
    protected override string[] Place => [.. base.Place, "--Banking:CarryForward:Events", "5"];
}

/// <summary>What lies before the last event that carries an account's state is archived, and the account takes further commands.</summary>
public sealed class CarriedArchiveTests(CarryingArchivedBank bank) : IClassFixture<CarryingArchivedBank>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task The_older_part_of_an_open_account_is_archived_again_and_again_and_the_account_goes_on()
    {
        var account = await _teller.OpenAsync(balance: "100.00");
        await BookUntilCarriedAsync(account, 1);
        var files = await bank.RemoveAsync();
        var part = Assert.Single(await PartsAsync(account));
        Assert.Equal((1, true), (part.First, part.Last >= 5));
        await BookUntilCarriedAsync(account, 2);

        files = await bank.RemoveAsync();

        Assert.Equal(2, files.Count);
        var parts = await PartsAsync(account);
        Assert.Equal(parts[0].Last + 1, parts[1].First);
        await bank.ForgeAsync("delete from accounts.mt_doc_account");
        var versions = (await _teller.GetAsync($"/v1/accounts/{account}/events?limit=500")).Ok().Items();
        Assert.Equal(Enumerable.Range(1, versions.Count), versions.Select(e => e.GetProperty("version").GetInt32()));
        Assert.Contains(versions, e => e.TryGetProperty("archived", out _));
        Assert.Equal($"{100 + versions.Count(e => Type(e) == "accounts.money-deposited.v2") - 1}.00", await _teller.BalanceAsync(account));
        (await _teller.PostAsync("/v1/withdrawals", new
        {
            accountId = account,
            amount = new { value = "1.00", currency = "EUR" },
            reason = "test",
            effectiveAt = bank.Clock.Now.AddDays(-1),
        })).Created();
        var oldest = (await _teller.GetAsync($"/v1/accounts/{account}/entries?limit=500")).Ok().Items()[^1].GetProperty("id").GetString();
        (await _teller.PostAsync(
            $"/v1/transactions/{oldest}/corrections", new { kind = "reversal", reasonCode = "test", reason = "test" })).Created();
        (await bank.As("operator").PostAsync("/ops/projections/entries/repair", new { reasonCode = "drill", reason = "States" })).Ok();
        Assert.Empty(await bank.DifferencesAsync());
    }

    private static string? Type(System.Text.Json.JsonElement e) => e.GetProperty("type").GetString();

    private async Task BookUntilCarriedAsync(string account, int times)
    {
        var stream = Guid.ParseExact(account[4..], "N");
        var carried = "select count(*) from bank.mt_events where type = 'accounts.account-carried-forward.v1' and stream_id = $1";
        while ((await bank.QueryAsync<long>(carried, stream))[0] < times)
        {
            (await _teller.DepositAsync(account, "1.00")).Created();
        }

        bank.Clock.Advance(TimeSpan.FromDays(1));
        await bank.CaughtUpAsync();
        await bank.DocumentsCurrentAsync();
    }

    private async Task<List<(long First, long Last)>> PartsAsync(string account)
    {
        var stream = Guid.ParseExact(account[4..], "N");
        var bounds = await bank.QueryAsync<long[]>(
            "select array[first_version, last_version] from platform.archive_part where stream = $1 order by 1", stream);
        return [.. bounds.Select(b => (b[0], b[1]))];
    }
}
