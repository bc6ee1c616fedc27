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

    private const string WaitingForAStream =
        "datname = 'doubt' and application_name like '%-commands' and wait_event_type = 'Lock'";

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

            var withheld = await WithholdConfirmationsAsync(superuser);
            var deposit = teller.DepositAsync(account, "5.00");
            await WaitUntilAsync(superuser, WaitingCommit, deposit);

            await ExecuteAsync(superuser, "alter system reset synchronous_standby_names");
            await ExecuteAsync(superuser, "select pg_terminate_backend(pid) from pg_stat_activity where " + WaitingCommit);
            await ExecuteAsync(superuser, "select pg_reload_conf()");

            var answer = await deposit;
            Assert.Equal(201, answer.StatusCode);
            Assert.Equal("true", answer.Headers["Idempotency-Replayed"]);
            Assert.Equal("5.00", await teller.BalanceAsync(account));
            await withheld;
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
            // The claim of the batch's key is committed and confirmed while its stream is locked; the group that follows is not confirmed.
            await using var bank = NpgsqlDataSource.Create(cluster.ConnectionString("doubt"));
            await using var other = await bank.OpenConnectionAsync();
            await using var locking = await other.BeginTransactionAsync();
            await using var lockStreams = new NpgsqlCommand("select from bank.mt_streams for update", other);
            await lockStreams.ExecuteNonQueryAsync();
            var batch = SendBatchAsync(teller, account, mode, commands);
            await WaitUntilAsync(superuser, WaitingForAStream, batch);
            var withheld = await WithholdConfirmationsAsync(superuser);
            await locking.RollbackAsync();
            await WaitUntilAsync(superuser, WaitingCommit, batch);

            await cluster.DisposeAsync();
            await Assert.ThrowsAnyAsync<NpgsqlException>(() => withheld);

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

    private static Task<Answer> SendBatchAsync(BankClient teller, string account, string mode, int commands)
    {
        var command = new
        {
            accountId = account,
            amount = new { value = "5.00", currency = "EUR" },
            reason = "test",
        };
        return teller.PostAsync(
            "/v1/deposits/batch",
            new { mode, items = Enumerable.Range(0, commands).Select(i => new { idempotencyKey = $"k{i}", command }) });
    }

    /// <summary>Requires a standby that does not exist: commits are written, then wait for the standby before they are confirmed.</summary>
    /// <returns>A commit that waits: PostgreSQL reads the setting some time after it was changed, and from this one on all wait.</returns>
    private static async Task<Task> WithholdConfirmationsAsync(NpgsqlDataSource superuser)
    {
        await ExecuteAsync(superuser, "alter system set synchronous_standby_names = 'missing_standby'");
        await ExecuteAsync(superuser, "select pg_reload_conf()");
        while (true)
        {
            var commit = ExecuteAsync(superuser, "select pg_logical_emit_message(true, 'test', '')");
            await using var isWaiting = superuser.CreateCommand(
                "select exists (select 1 from pg_stat_activity where wait_event = 'SyncRep' and query like '%emit_message%')");
            await Eventually.UntilAsync(isWaiting.ExecuteScalarAsync, waits => waits is true || commit.IsCompleted);
            if (!commit.IsCompleted)
            {
                return commit;
            }

            await commit;
        }
    }

    private static async Task WaitUntilAsync(NpgsqlDataSource superuser, string condition, Task<Answer> request)
    {
        await using var command = superuser.CreateCommand($"select exists (select 1 from pg_stat_activity where {condition})");
        await Eventually.UntilAsync(command.ExecuteScalarAsync, isWaiting => isWaiting is true || request.IsCompleted);
        Assert.False(request.IsCompleted, request.IsCompleted ? (await request).Body : "");
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
