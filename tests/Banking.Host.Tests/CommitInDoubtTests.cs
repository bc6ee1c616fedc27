using System.Text.Json;
using Banking.EmbeddedPostgres;
using Banking.Testing;
using Npgsql;

namespace Banking.Host.Tests;

/// <summary>The commit succeeds and its confirmation is lost: the one case in which a host cannot know the outcome.</summary>
public sealed class CommitInDoubtTests
{
    /// <summary>Condition for the commit of a command that waits for its confirmation. Other commits of the host do not match.</summary>
    private const string WaitingCommit =
        "datname = 'doubt' and application_name like '%-commands' and wait_event = 'SyncRep' and query ilike 'commit%'";

    [Fact]
    public async Task A_deposit_whose_commit_was_cut_off_is_found_by_its_key_and_answered_once()
    {
        var folder = TestFolders.New("banking-doubt-");
        await using (var cluster = await PostgresCluster.StartAsync(new() { DataFolder = Path.Combine(folder.FullName, "postgres") }))
        {
            await cluster.EnsureDatabaseAsync("doubt");
            await using var host = await HostProcess.ServeAsync(
                ["--no-demo"], ("ConnectionStrings__banking", await TestCluster.PrepareAsync(cluster, "doubt")));
            var teller = await host.TellerAsync();
            var account = await teller.OpenAsync();
            await using var superuser = NpgsqlDataSource.Create(cluster.ConnectionString("postgres"));

            await WithholdConfirmationsAsync(superuser);
            var deposit = teller.DepositAsync(account, "5.00");
            await WaitUntilCommittedAsync(superuser, deposit);

            await ExecuteAsync(superuser, "alter system reset synchronous_standby_names");
            await ExecuteAsync(superuser, "select pg_terminate_backend(pid) from pg_stat_activity where " + WaitingCommit);
            await ExecuteAsync(superuser, "select pg_reload_conf()");

            var answer = await deposit;
            Assert.Equal(201, answer.StatusCode);
            Assert.Equal("true", answer.Headers["Idempotency-Replayed"]);
            Assert.Equal("5.00", await teller.BalanceAsync(account));
        }

        folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData("independent", 1, 200)]
    [InlineData("atomic", 2, 503)]
    public async Task A_batch_whose_commit_was_cut_off_by_a_database_that_stays_away_says_that_nobody_knows(
        string mode, int commands, int status)
    {
        var folder = TestFolders.New("banking-doubt-");
        var cluster = await PostgresCluster.StartAsync(new() { DataFolder = Path.Combine(folder.FullName, "postgres") });
        await cluster.EnsureDatabaseAsync("doubt");
        await using (
            var host = await HostProcess.ServeAsync(
                ["--no-demo"], ("ConnectionStrings__banking", await TestCluster.PrepareAsync(cluster, "doubt"))))
        {
            var teller = await host.TellerAsync();
            var account = await teller.OpenAsync();
            await using var superuser = NpgsqlDataSource.Create(cluster.ConnectionString("postgres"));
            await WithholdConfirmationsAsync(superuser);
            var command = new
            {
                accountId = account,
                amount = new { value = "5.00", currency = "EUR" },
                reason = "test",
            };
            var batch = teller.PostAsync(
                "/v1/deposits/batch",
                new { mode, items = Enumerable.Range(0, commands).Select(i => new { idempotencyKey = $"k{i}", command }) });
            await WaitUntilCommittedAsync(superuser, batch);

            await cluster.DisposeAsync();

            var answer = await batch;
            Assert.Equal(
                (status, "1", "0", "0"),
                (answer.StatusCode, answer.Header("Retry-After"), answer.Text("accepted"), answer.Text("refused")));
            Assert.All(answer.Json.GetProperty("results").EnumerateArray(), r =>
                Assert.Equal(
                    (JsonValueKind.Null, JsonValueKind.Null, "outcome_unknown"),
                    (
                        r.GetProperty("applied").ValueKind,
                        r.GetProperty("body").GetProperty("applied").ValueKind,
                        r.GetProperty("body").GetProperty("code").GetString())));
        }

        folder.Delete(recursive: true);
    }

    /// <summary>Requires a standby that does not exist: commits are written, then wait for the standby before they are confirmed.</summary>
    private static async Task WithholdConfirmationsAsync(NpgsqlDataSource superuser)
    {
        await ExecuteAsync(superuser, "alter system set synchronous_standby_names = 'missing_standby'");
        await ExecuteAsync(superuser, "select pg_reload_conf()");
    }

    private static async Task WaitUntilCommittedAsync(NpgsqlDataSource superuser, Task<Answer> request)
    {
        await using var command = superuser.CreateCommand($"select exists (select 1 from pg_stat_activity where {WaitingCommit})");
        await Eventually.UntilAsync(command.ExecuteScalarAsync, isWaiting => isWaiting is true || request.IsCompleted);
        Assert.False(request.IsCompleted, request.IsCompleted ? (await request).Body : "");
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
