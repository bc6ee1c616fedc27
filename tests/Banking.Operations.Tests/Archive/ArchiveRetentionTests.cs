using Alba;
using Banking.Accounts;
using Banking.Accounts.Contracts;
using Banking.Commands.Imports;
using Banking.EventStore.Appending;
using Banking.ReadModels.Archiving;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests.Archive;

/// <summary>Files are deleted by a rule, never while they are held, and answers say what was deleted.</summary>
public sealed class ArchiveRetentionTests(ArchivedBank bank) : IClassFixture<ArchivedBank>
{
    private readonly ArchiveRetention _retention = bank.Host.Services.GetRequiredService<ArchiveRetention>();
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task A_file_is_deleted_when_its_rule_holds_and_nobody_holds_the_file_and_answers_say_so()
    {
        var imported = await ImportAsync();
        var accounts = await bank.AddClosedAsync(accounts: 3, movements: 15, seed: 11);
        var file = Assert.Single(await bank.WriteAsync());
        var (path, now) = (Path.Combine(bank.Folder, file.Name), bank.Clock.Now);
        await using var owner = await bank.OwnerAsync();
        Assert.Equal((0, "kept, because the log has its data too: run archive remove first"), await DeleteAsync(now));
        await bank.Rows.RemoveAsync(owner, file, ArchivedBank.Action, CancellationToken.None);
        Assert.True(await _retention.HoldAsync(owner, await StateAsync(), ArchivedBank.Action, CancellationToken.None));
        Assert.False(await _retention.HoldAsync(owner, await StateAsync(), ArchivedBank.Action, CancellationToken.None));
        Assert.Equal((0, "kept, because cli:test holds it since 2026"), await DeleteAsync(now));
        Assert.True(File.Exists(path));
        var held = (await bank.As("operator").GetAsync("/ops/archive")).Ok().Items()[0];
        Assert.Equal("cli:test", held.GetProperty("hold").GetProperty("actor").GetString());
        Assert.True(held.GetProperty("rowsWithoutData").GetInt64() > 0);
        (await _teller.GetAsync($"/v1/accounts/{accounts[0]}/events")).Ok();

        Assert.True(await _retention.ReleaseAsync(owner, await StateAsync(), ArchivedBank.Action, CancellationToken.None));
        Assert.Equal((0, ""), await DeleteAsync(now.AddDays(-30)));
        await MoveAsync();
        Assert.StartsWith("kept, because its name does not have the mark", (await DeleteAsync(now)).Item2, StringComparison.Ordinal);
        Assert.True(File.Exists(path));
        Assert.Equal((1, $"deleted, with {file.Header.Events} events"), await DeleteAsync(now, isSoleUser: true));

        await AssertKilledDeletionIsReportedAsync(path, async () => (await DeleteAsync(now)).Item2);
        // Another host has nothing of the file in memory; this one forgets it within a minute.
        await using var host = await bank.StartAnotherAsync();
        var gone = await BankFixture.On(host, "teller").GetAsync($"/v1/accounts/{accounts[0]}/events");
        Assert.Equal((410, "archive_deleted"), (gone.StatusCode, gone.Code));
        Assert.Equal("archive_deleted", await ArchivedBank.FailedSimulationAsync(BankFixture.On(host, "teller"), accounts[0]));
        await AssertCommandIsRefusedAsync(host, accounts[0]);
        await AssertRepeatIsKnownAsync(host, imported);
        var audited = (await BankFixture.On(host, "auditor").GetAsync($"/audit/events?account={accounts[0]}&limit=500")).Ok().Items();
        Assert.Contains(audited, e => e.GetProperty("data").ValueKind == System.Text.Json.JsonValueKind.Null);
        Assert.Equal("0.00", await _teller.BalanceAsync(accounts[0]));
        var deletion = (await bank.As("operator").GetAsync("/ops/archive")).Ok().Items()[0].GetProperty("deletion");
        Assert.Equal("test", deletion.GetProperty("reason").GetString());
        var verification = host.Services.GetRequiredService<Banking.ReadModels.Verifying.Verification>();
        Assert.Empty((await verification.RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None)).Differences);

        async Task<(int, string)> DeleteAsync(DateTimeOffset olderThan, bool isSoleUser = false)
        {
            var line = "";
            var deleted = await _retention.DeleteAsync(
                owner, olderThan, isSoleUser, ArchivedBank.Action, l => line = l, CancellationToken.None);
            // Without the name of the file and the time of the hold.
            return (deleted, line.Length == 0 ? "" : line[(file.Name.Length + 2)..].Split("-11-")[0]);
        }
    }

    /// <summary>The storage still has the file, as after a kill between the deletion's commit and its effect.</summary>
    private static async Task AssertKilledDeletionIsReportedAsync(string path, Func<Task<string>> deleteAsync)
    {
        Assert.False(File.Exists(path));
        await File.WriteAllTextAsync(path, "killed");
        Assert.StartsWith("its deletion is recorded, but the file is still there", await deleteAsync(), StringComparison.Ordinal);
        File.Delete(path);
    }

    /// <summary>A command that needs a deleted event is answered with a code of the contract.</summary>
    private async Task AssertCommandIsRefusedAsync(IAlbaHost host, string account)
    {
        var (from, to) = (bank.Clock.Now.AddDays(-5), bank.Clock.Now);
        var answer = await BankFixture.On(host, "teller").PostAsync(
            $"/v1/accounts/{account}/statements", new { from = $"{from:yyyy-MM-dd}", to = $"{to:yyyy-MM-dd}" });

        Assert.Equal((410, "archive_deleted"), (answer.StatusCode, answer.Code));
        var codes = (await bank.Anonymous().GetAsync("/openapi/v1.json")).Ok().Json.GetProperty("paths")
            .GetProperty("/v1/accounts/{account}/statements").GetProperty("post").GetProperty("responses").GetProperty("410")
            .GetProperty("x-problem-codes");
        Assert.Equal("archive_deleted", Assert.Single(codes.EnumerateArray()).GetString());
    }

    /// <summary>A repeated import finds its rows, whose content is deleted, and names by its key a row that the files lack.</summary>
    private static async Task AssertRepeatIsKnownAsync(IAlbaHost host, AccountHistory imported)
    {
        var comparison = host.Services.GetRequiredService<HistoryComparison>();
        Assert.Null(await AccountsModule.FirstDifferenceAsync(comparison, [imported], CancellationToken.None));

        var shorter = imported with { Movements = [] };
        var difference = await AccountsModule.FirstDifferenceAsync(comparison, [shorter], CancellationToken.None);

        Assert.Equal(new SourceRow("test", "rows", 0, "7"), difference?.Row);
        Assert.StartsWith("is in the bank and not in the files", difference?.What, StringComparison.Ordinal);
    }

    /// <summary>Imports an account with one deposit, and closes it.</summary>
    private async Task<AccountHistory> ImportAsync()
    {
        Assert.True(PublicId.TryParse("cus", await _teller.RegisterAsync(), out var owner));
        var (id, euro, opened) = (Ids.Next(bank.Clock), Currency.Parse("EUR"), bank.Clock.Now.AddYears(-3));
        var history = new AccountHistory(
            id, AccountNumber.Create("XB", "OLD000000000000000007"), "7", owner, [], euro, "current", opened,
            new("test", "accounts", 1, "7"),
            [
                new(Ids.Next(bank.Clock), Direction.Credit, new(100_00, euro), opened.AddDays(1), BankSide.Cash, new(),
                    new("test", "rows", 1, "7"), null),
            ]);
        await AccountsModule.ImportAsync(
            bank.Host.Services.GetRequiredService<HistoryImport>(), "test", [history], _ => { }, CancellationToken.None);
        var account = PublicId.Format("acc", id);
        (await _teller.WithdrawAsync(account, "100.00")).Created();
        (await _teller.PostAsync($"/v1/accounts/{account}/close", new { reasonCode = "wish", reason = "By letter" })).Ok();
        return history;
    }

    /// <summary>Gives the sequence of the log another file, as a restore of a dump does.</summary>
    private async Task MoveAsync()
    {
        var next = (await bank.QueryAsync<long>("select last_value + 1 from bank.mt_events_sequence"))[0];
        await bank.ForgeAsync($"alter sequence bank.mt_events_sequence restart with {next}");
    }

    private async Task<ArchiveState> StateAsync() =>
        Assert.Single(await bank.Host.Services.GetRequiredService<ArchiveStates>().FilesAsync(CancellationToken.None));
}
