using System.Text.RegularExpressions;
using Banking.Testing;

namespace Banking.Host.Tests;

/// <summary>A bank whose host reads archive files from a folder.</summary>
public sealed class ArchiveCommandBank : BankFixture
{
    public string Folder { get; } = TestFolders.New("banking-archive-").FullName;

    protected override string[] Settings => [.. base.Settings, "--Banking:Archive:Folder", Folder];
}

/// <summary>The archive commands, in processes of their own, on a bank that a host serves.</summary>
public sealed class ArchiveCommandTests(ArchiveCommandBank bank) : IClassFixture<ArchiveCommandBank>
{
    [Fact]
    public async Task A_killed_removal_is_completed_by_the_next_one_and_the_archive_is_checked_listed_held_and_restored()
    {
        var teller = bank.As("teller");
        var account = await teller.OpenAsync(balance: "100.00");
        for (var i = 0; i < 20; i++)
        {
            (await teller.WithdrawAsync(account, "5.00")).Created();
        }

        (await teller.PostAsync($"/v1/accounts/{account}/close", new { reasonCode = "wish", reason = "By letter" })).Ok();
        var before = (await teller.GetAsync($"/v1/accounts/{account}/events?limit=500")).Ok().Body;

        Assert.Contains(" 23 events of 1 streams", await DoneAsync("write", "--before", "2026-11-29T00:00:00Z"), StringComparison.Ordinal);
        var file = Path.GetFileName(Assert.Single(Directory.GetFiles(bank.Folder)));
        Assert.Contains("23 events", await DoneAsync("check", Path.Combine(bank.Folder, file)), StringComparison.Ordinal);
        using (var killed = HostProcess.Start(["archive", "remove"], Settings))
        {
            await using var removed = bank.Database.CreateCommand("select exists (select from bank.mt_events where is_archived)");
            await Eventually.UntilAsync(removed.ExecuteScalarAsync, found => found is true);
            killed.Kill();
            await killed.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await DoneAsync("remove");
        // What is done is not read again, unless the file is named.
        Assert.Empty(await DoneAsync("remove"));
        Assert.Contains("21 of 23 rows", await DoneAsync("remove", "--file", file), StringComparison.Ordinal);
        Assert.Contains("as the manifest and the log say", await DoneAsync("check"), StringComparison.Ordinal);
        await DoneAsync("hold", "--file", file, "--reason", "A court asks");
        Assert.Matches(
            $"^{Regex.Escape(file)}: 23 events, .* 21 rows without data, checked .*: good, held since .*: A court asks",
            await DoneAsync("list"));
        Assert.Contains(
            $"{file}: kept, because", await DoneAsync("delete", "--older-than", "2026-11-29T00:00:00Z", "--reason", "A law", "--yes"),
            StringComparison.Ordinal);
        var after = (await teller.GetAsync($"/v1/accounts/{account}/events?limit=500")).Ok().Body;
        Assert.Equal(before, after.Replace("\"archived\":true,", "", StringComparison.Ordinal));
        Assert.Contains("21 rows", await DoneAsync("restore", "--file", file), StringComparison.Ordinal);
        Assert.Equal(before, (await teller.GetAsync($"/v1/accounts/{account}/events?limit=500")).Ok().Body);
    }

    [Theory]
    [InlineData("archive write", "--before")]
    [InlineData("archive write --before yesterday", "a time with its offset")]
    [InlineData("archive delete --older-than 2026-01-01T00:00:00Z", "--reason")]
    [InlineData("archive delete --older-than 2026-01-01T00:00:00Z --reason why", "add --yes to confirm")]
    [InlineData("archive hold --reason why", "--file")]
    public async Task Wrong_use_is_reported_and_nothing_is_done(string command, string problem)
    {
        var (exitCode, _, error) = await HostProcess.RunAsync(command.Split(' '), Settings);

        Assert.Equal(2, exitCode);
        Assert.Contains(problem, error, StringComparison.Ordinal);
    }

    private (string, string)[] Settings =>
    [
        ("ConnectionStrings__banking", bank.ConnectionString),
        ("ConnectionStrings__owner", TestCluster.Owner(bank.ConnectionString)),
        ("Banking__Archive__Folder", bank.Folder),
    ];

    private async Task<string> DoneAsync(params string[] command)
    {
        var (exitCode, output, error) = await HostProcess.RunAsync(["archive", .. command], Settings);
        Assert.True(exitCode == 0, output + error);
        return output;
    }
}
