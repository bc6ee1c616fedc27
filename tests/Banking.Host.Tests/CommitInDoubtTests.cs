using System.Text.Json;
using Banking.EmbeddedPostgres;
using Banking.Testing;
using Npgsql;

namespace Banking.Host.Tests;

/// <summary>The commit stands, and its answer is lost: the one moment at which a host cannot know.</summary>
public sealed class CommitInDoubtTests
{
    /// <summary>The commit of a command, not of anything else that the host does meanwhile.</summary>
    private const string Waiting =
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
            await using var operations = NpgsqlDataSource.Create(cluster.ConnectionString("postgres"));

            await LeaveCommitsUnansweredAsync(operations);
            var deposit = teller.DepositAsync(account, "5.00");
            await UntilCommittedAsync(operations, deposit);

            await ExecuteAsync(operations, "alter system reset synchronous_standby_names");
            await ExecuteAsync(operations, "select pg_terminate_backend(pid) from pg_stat_activity where " + Waiting);
            await ExecuteAsync(operations, "select pg_reload_conf()");

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
            await using var operations = NpgsqlDataSource.Create(cluster.ConnectionString("postgres"));
            await LeaveCommitsUnansweredAsync(operations);
            var command = new
            {
                accountId = account,
                amount = new { value = "5.00", currency = "EUR" },
                reason = "test",
            };
            var batch = teller.PostAsync(
                "/v1/deposits/batch",
                new { mode, items = Enumerable.Range(0, commands).Select(i => new { idempotencyKey = $"k{i}", command }) });
            await UntilCommittedAsync(operations, batch);

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

    /// <summary>A standby that does not exist: commits are written, and then wait for it before they are answered.</summary>
    private static async Task LeaveCommitsUnansweredAsync(NpgsqlDataSource operations)
    {
        await ExecuteAsync(operations, "alter system set synchronous_standby_names = 'nobody'");
        await ExecuteAsync(operations, "select pg_reload_conf()");
    }

    private static async Task UntilCommittedAsync(NpgsqlDataSource operations, Task<Answer> asked)
    {
        await using var command = operations.CreateCommand($"select exists (select 1 from pg_stat_activity where {Waiting})");
        await Eventually.UntilAsync(command.ExecuteScalarAsync, isWaiting => isWaiting is true || asked.IsCompleted);
        Assert.False(asked.IsCompleted, asked.IsCompleted ? (await asked).Body : "");
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
