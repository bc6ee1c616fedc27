using System.Diagnostics;
using System.Globalization;
using Banking.SharedKernel;
using Banking.Testing;
using Npgsql;

namespace Banking.Host.Tests;

/// <summary>
/// The command that tries out a read model: it builds a candidate with its own code and lists the differences from what is served.
/// </summary>
public sealed class CompareCommandTests
{
    private const string Candidates = "select name, generation, state from platform.read_model where generation > 1 order by 1, 2";

    [Fact]
    public async Task A_forged_row_is_listed_under_its_account_and_gone_after_the_switch()
    {
        await using var bank = await ImportedBank.CopyAsync("sample");
        var forged = await bank.RowAsync(
            $"update accounts.entry_g1 set balance = balance + 1 where position = {bank.Middle} returning account, version, balance");
        var (account, version, balance) = forged.Split('|') is [var a, var v, var b] ? (Guid.Parse(a), v, long.Parse(b)) : default;
        var (exitCode, output, error) = await bank.RunAsync(
            "projections", "compare", "entries", "--keep", "--reason", "before the release");

        Assert.True(exitCode == 1, output + error);
        Assert.Contains(": 1 differences in the rows of 1 streams.", output, StringComparison.Ordinal);
        Assert.Contains($"  account {PublicId.Format("acc", account)}: 1 of entry\n", output, StringComparison.Ordinal);
        Assert.Contains(
            $"    [\"{account}\", {version}] balance: active {balance}, candidate {balance - 1}\n", output, StringComparison.Ordinal);
        Assert.Equal(["entries|2|differs"], await bank.RowsAsync(Candidates));
        Assert.Equal(
            [$"cli:{Environment.UserName}|before the release"],
            await bank.RowsAsync("select requested_by, reason from platform.read_model where generation = 2"));

        var switched = await bank.RunAsync("projections", "switch", "entries", "--reason", "the forged row goes");
        Assert.True(switched.ExitCode == 0, switched.Output + switched.Error);
        Assert.Equal(
            $"{balance - 1}", await bank.RowAsync($"select balance from accounts.entry where position = {bank.Middle}"));
        Assert.Equal(
            ["bank_day_g2", "entry_day_g2", "entry_g2"],
            await bank.RowsAsync("select tablename from pg_tables where schemaname = 'accounts' and tablename ~ '_g[0-9]' order by 1"));
    }

    [Fact]
    public async Task A_command_that_was_killed_leaves_a_candidate_that_is_shown_and_that_the_next_command_replaces()
    {
        await using var bank = await ImportedBank.CopyAsync("sample");
        var served = await bank.ServedAsync();
        using (var process = HostProcess.Start(["projections", "compare", "entries"], ("ConnectionStrings__banking", bank.Database)))
        {
            await using var candidate = await CandidateLock.TakeAsync(bank);
            process.Kill();
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal(["entries|2|building"], await bank.RowsAsync(Candidates));
        Assert.Matches(@"entries +2 +[0-9]+ +building", (await bank.RunAsync("projections", "list")).Output);

        var (exitCode, output, error) = await bank.RunAsync("projections", "compare", "entries");

        Assert.True(exitCode == 0, output + error);
        Assert.Contains(": equal.", output, StringComparison.Ordinal);
        Assert.Equal(["entries|2|cancelled", "entries|3|cancelled"], await bank.RowsAsync(Candidates));
        Assert.Equal("0", await bank.RowAsync("select count(*) from pg_tables where tablename ~ '_g[23]$'"));
        Assert.Equal(served, await bank.ServedAsync());
    }

    [Fact]
    public async Task A_command_that_is_stopped_drops_its_candidate()
    {
        await using var bank = await ImportedBank.CopyAsync("sample");
        using var process = HostProcess.Start(["projections", "compare", "entries"], ("ConnectionStrings__banking", bank.Database));
        await using (await CandidateLock.TakeAsync(bank))
        {
            using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
            // The building ends, and to drop the candidate the command needs the lock that is held here.
            await using var superuser = NpgsqlDataSource.Create(await TestCluster.SuperuserAsync(bank.Database));
            await using var waits = superuser.CreateCommand(
                "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' "
                    + "and query like '%name = $1 and state in (''building'', ''differs'', ''equal'') for update')");
            await Eventually.UntilAsync(() => waits.ExecuteScalarAsync(), isTrue => isTrue is true);
        }

        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal(130, process.ExitCode);
        Assert.Equal(["entries|2|cancelled"], await bank.RowsAsync(Candidates));
        Assert.Equal("0", await bank.RowAsync("select count(*) from pg_tables where tablename ~ '_g2$'"));
    }

    [Theory]
    [InlineData("There is no read model 'postings': entries, ledger, audit, account-directory, ", "compare", "postings")]
    [InlineData("there is no candidate;", "drop", "ledger", "--reason", "why not")]
    [InlineData("Option '--reason' is required", "switch", "ledger")]
    [InlineData("--limit N: a number above zero", "compare", "ledger", "--limit", "0")]
    [InlineData("Did you mean one of the following?\n--keep", "compare", "ledger", "--kept")]
    public async Task What_was_not_understood_is_answered_with_a_sentence_and_builds_nothing(string sentence, params string[] command)
    {
        var bank = await ImportedBank.UntouchedAsync();

        var (exitCode, output, error) = await bank.RunAsync(["projections", .. command]);

        Assert.Equal(2, exitCode);
        Assert.Contains(sentence, error, StringComparison.Ordinal);
        Assert.Empty(output);
        Assert.Empty(await bank.RowsAsync(Candidates));
    }
}
