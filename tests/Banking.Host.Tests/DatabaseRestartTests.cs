using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Banking.EmbeddedPostgres;
using Banking.Testing;
using Npgsql;

namespace Banking.Host.Tests;

/// <summary>
/// The database restarts while callers pay. The host keeps running, and each caller repeats its idempotency key until it is accepted.
/// </summary>
public sealed class DatabaseRestartTests
{
    private const int Callers = 8;
    private const int Accounts = 4;

    /// <summary>Number of payments before, between and after the two restarts of the database.</summary>
    private const int PaymentsPerPhase = 200;

    /// <summary>Number of repeats of a payment without a pause.</summary>
    private const int ImmediateRepeats = 20;

    private readonly ConcurrentQueue<string> _paid = new();
    private readonly ConcurrentBag<Answer> _unavailableAnswers = [];
    private volatile bool _isFinished;
    private volatile TaskCompletionSource _databaseAvailable = new();

    [Fact]
    public async Task Each_payment_stands_once_though_the_database_was_stopped_and_killed_under_it()
    {
        var folder = TestFolders.New("banking-restart-");
        var settings = new PostgresSettings { DataFolder = Path.Combine(folder.FullName, "postgres") };
        var cluster = await PostgresCluster.StartAsync(settings);
        await cluster.EnsureDatabaseAsync("restart");
        settings = settings with { Port = cluster.Port };
        await using (
            var host = await HostProcess.ServeAsync(
                ["--no-demo"], ("ConnectionStrings__banking", await TestCluster.PrepareAsync(cluster, "restart"))))
        {
            var teller = await host.TellerAsync();
            var accounts = await Task.WhenAll(Enumerable.Range(0, Accounts).Select(_ => teller.OpenAsync(balance: "1000000.00")));
            _databaseAvailable.SetResult();
            var callers = Enumerable.Range(0, Callers).Select(c => PayAsync(host, c, accounts)).ToList();
            await WaitForMorePaymentsAsync(callers);

            _databaseAvailable = new(TaskCreationOptions.RunContinuationsAsynchronously);
            await cluster.DisposeAsync();
            cluster = await PostgresCluster.StartAsync(settings);
            _databaseAvailable.SetResult();
            await WaitForMorePaymentsAsync(callers);
            var unavailableAfterStop = _unavailableAnswers.Count;

            _databaseAvailable = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Process.GetProcessById(cluster.ProcessId).Kill();
            await cluster.DisposeAsync();
            cluster = await PostgresCluster.StartAsync(settings);
            _databaseAvailable.SetResult();
            await WaitForMorePaymentsAsync(callers);

            _isFinished = true;
            await Task.WhenAll(callers);
            Assert.True(
                0 < unavailableAfterStop && unavailableAfterStop < _unavailableAnswers.Count,
                "No caller met an unavailable database: this run tested nothing.");
            Assert.All(_unavailableAnswers, p =>
                Assert.True(p is { StatusCode: 503, Code: "temporarily_unavailable" or "outcome_unknown" }, p.Body));
            var balances = await Task.WhenAll(accounts.Select(teller.BalanceAsync));
            Assert.Equal(Accounts * 1_000_000.00m, balances.Sum(b => decimal.Parse(b, CultureInfo.InvariantCulture)));
        }

        await AssertEachStoredOnceAsync(cluster.ConnectionString("restart"));
        await cluster.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private async Task AssertEachStoredOnceAsync(string connectionString)
    {
        await using var database = NpgsqlDataSource.Create(connectionString);
        var stored = await QueryAsync(
            database,
            "select headers ->> 'idempotencyKey' from bank.mt_events where type like 'accounts.transfer-%' group by 1 having "
                + "count(*) = 2"
        );
        Assert.Equal(_paid.Order(), stored.Order());
        Assert.Equal(
            [$"{2 * _paid.Count}"],
            await QueryAsync(database, "select count(*)::text from bank.mt_events where type like 'accounts.transfer-%'"));
        Assert.Equal(
            [$"{_paid.Count}"],
            await QueryAsync(database, "select count(*)::text from platform.receipt where location like '/v1/transfers/%'"));
        Assert.Empty(
            await QueryAsync(
                database,
                "select e.stream_id::text from bank.mt_events e left join bank.mt_streams s on s.id = e.stream_id group by "
                    + "e.stream_id, s.version "
                    + "having array_agg(e.version order by e.seq_id) is distinct from array(select generate_series(1, s.version))"));
    }

    private async Task PayAsync(HostProcess host, int caller, string[] accounts)
    {
        var teller = await host.TellerAsync();
        for (var i = 0; !_isFinished; i++)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"restart-{caller}-{i}");
            var (from, to) = (accounts[(caller + i) % Accounts], accounts[(caller + i + 1) % Accounts]);
            Answer answer;
            for (
                var attempt = 0;
                (answer = await teller.TransferAsync(from, to, "0.01", "EUR", ("Idempotency-Key", key))).StatusCode != 201;
                attempt++)
            {
                _unavailableAnswers.Add(answer);
                Assert.True(answer.StatusCode == 503, answer.Body);
                // Repeat often enough to meet every error of a stopping and starting database, then wait until it is back.
                await (attempt < ImmediateRepeats ? Task.CompletedTask : _databaseAvailable.Task);
            }

            _paid.Enqueue(key);
        }
    }

    private async Task WaitForMorePaymentsAsync(List<Task> callers)
    {
        var target = _paid.Count + PaymentsPerPhase;
        await Eventually.UntilAsync(() => _paid.Count, paid => paid >= target || callers.Exists(c => c.IsFaulted));
        await (callers.Find(c => c.IsFaulted) ?? Task.CompletedTask);
    }

    private static async Task<List<string>> QueryAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }
}
