using Banking.Testing;

namespace Banking.Operations.Tests.Archive;

/// <summary>A bank with an archive that writes the versions of events of an earlier release.</summary>
public sealed class EarlierArchivedBank : ArchivedBank
{
    protected override string[] Place => [.. base.Place, "--Banking:Events:WriteVersionsOf", "2026-11-29"];
}

/// <summary>Events of earlier versions whose data SQL searches keep it when they are archived.</summary>
public sealed class EarlierArchiveTests(EarlierArchivedBank bank) : IClassFixture<EarlierArchivedBank>
{
    private const string Reversals = "from bank.mt_events where type = 'accounts.movement-reversed.v1'";

    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task Corrections_of_an_earlier_version_are_found_after_the_removal_and_a_repeated_removal_puts_lost_data_back()
    {
        var account = await _teller.OpenAsync();
        var deposit = (await _teller.DepositAsync(account, "5.00")).Created().Text("id");
        (await _teller.PostAsync(
            $"/v1/transactions/{deposit}/corrections",
            new { kind = "reversal", reasonCode = "typo", reason = "A typing error" })).Created();
        (await _teller.PostAsync($"/v1/accounts/{account}/close", new { reasonCode = "wish", reason = "By letter" })).Ok();
        bank.Clock.Advance(TimeSpan.FromDays(1));
        await bank.CaughtUpAsync();
        await bank.DocumentsCurrentAsync();
        var before = await TransactionAsync();
        Assert.Contains("reversal", before, StringComparison.Ordinal);
        Assert.Equal([false], await bank.QueryAsync<bool>($"select is_archived {Reversals}"));

        var file = Assert.Single(await bank.RemoveAsync());

        Assert.Equal([false], await bank.QueryAsync<bool>($"select is_archived {Reversals}"));
        Assert.Equal(before, await TransactionAsync());
        Assert.Contains("finished", await ArchivedBank.FailedSimulationAsync(_teller, account), StringComparison.Ordinal);

        // As an earlier release removed it.
        await bank.ForgeAsync(
            $"update bank.mt_events set is_archived = true, data = '{{\"archive\": {file.Id}}}' "
                + $"where seq_id in (select seq_id {Reversals})");
        Assert.NotEqual(before, await TransactionAsync());
        await bank.RemoveAsync();
        Assert.Equal(before, await TransactionAsync());
        Assert.Empty(await bank.DifferencesAsync());

        async Task<string> TransactionAsync() => ArchivedBank.Comparable(await _teller.GetAsync($"/v1/transactions/{deposit}"));
    }
}
