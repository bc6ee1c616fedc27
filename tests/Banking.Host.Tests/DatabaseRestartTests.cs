using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Banking.EmbeddedPostgres;
using Banking.Testing;
using Npgsql;

namespace Banking.Host.Tests;

/// <summary>
/// The database goes away and comes back while callers pay. The host stays, and each caller repeats its key until it is answered.
/// </summary>
public sealed class DatabaseRestartTests
{
    private const int Callers = 8;
    private const int Accounts = 4;

    /// <summary>How many payments are made before, between and after what happens to the database.</summary>
    private const int Some = 200;

    /// <summary>How often a payment is repeated at once.</summary>
    private const int AtOnce = 20;

    private readonly ConcurrentQueue<string> _paid = new();
    private readonly ConcurrentBag<Answer> _postponed = [];
    private volatile bool _enough;
    private volatile TaskCompletionSource _present = new();

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
            _present.SetResult();
            var callers = Enumerable.Range(0, Callers).Select(c => PayAsync(host, c, accounts)).ToList();
            await SomeMoreAsync(callers);

            _present = new(TaskCreationOptions.RunContinuationsAsynchronously);
            await cluster.DisposeAsync();
            cluster = await PostgresCluster.StartAsync(settings);
            _present.SetResult();
            await SomeMoreAsync(callers);
            var stopped = _postponed.Count;

            _present = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Process.GetProcessById(cluster.ProcessId).Kill();
            await cluster.DisposeAsync();
            cluster = await PostgresCluster.StartAsync(settings);
            _present.SetResult();
            await SomeMoreAsync(callers);

            _enough = true;
            await Task.WhenAll(callers);
            Assert.True(0 < stopped && stopped < _postponed.Count, "The database was not away for anybody: nothing was tested.");
            Assert.All(_postponed, p =>
                Assert.True(p is { StatusCode: 503, Code: "temporarily_unavailable" or "outcome_unknown" }, p.Body));
            var balances = await Task.WhenAll(accounts.Select(teller.BalanceAsync));
            Assert.Equal(Accounts * 1_000_000.00m, balances.Sum(b => decimal.Parse(b, CultureInfo.InvariantCulture)));
        }

        await AssertEachStandsOnceAsync(cluster.ConnectionString("restart"));
        await cluster.DisposeAsync();
        folder.Delete(recursive: true);
    }

    private async Task AssertEachStandsOnceAsync(string connectionString)
    {
        await using var ledger = NpgsqlDataSource.Create(connectionString);
        var stored = await QueryAsync(
            ledger,
            "select headers ->> 'idempotencyKey' from bank.mt_events where type like 'accounts.transfer-%' group by 1 having "
                + "count(*) = 2"
        );
        Assert.Equal(_paid.Order(), stored.Order());
        Assert.Equal(
            [$"{2 * _paid.Count}"],
            await QueryAsync(ledger, "select count(*)::text from bank.mt_events where type like 'accounts.transfer-%'"));
        Assert.Equal(
            [$"{_paid.Count}"],
            await QueryAsync(ledger, "select count(*)::text from platform.receipt where location like '/v1/transfers/%'"));
        Assert.Empty(
            await QueryAsync(
                ledger,
                "select e.stream_id::text from bank.mt_events e left join bank.mt_streams s on s.id = e.stream_id group by "
                    + "e.stream_id, s.version "
                    + "having array_agg(e.version order by e.seq_id) is distinct from array(select generate_series(1, s.version))"));
    }

    private async Task PayAsync(HostProcess host, int caller, string[] accounts)
    {
        var teller = await host.TellerAsync();
        for (var i = 0; !_enough; i++)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"restart-{caller}-{i}");
            var (from, to) = (accounts[(caller + i) % Accounts], accounts[(caller + i + 1) % Accounts]);
            Answer answer;
            for (
                var turnedAway = 0;
                (answer = await teller.TransferAsync(from, to, "0.01", "EUR", ("Idempotency-Key", key))).StatusCode != 201;
                turnedAway++)
            {
                _postponed.Add(answer);
                Assert.True(answer.StatusCode == 503, answer.Body);
                // Often enough to meet whatever a database says when it goes and comes; then not before it is back.
                await (turnedAway < AtOnce ? Task.CompletedTask : _present.Task);
            }

            _paid.Enqueue(key);
        }
    }

    private async Task SomeMoreAsync(List<Task> callers)
    {
        var until = _paid.Count + Some;
        await Eventually.UntilAsync(() => _paid.Count, paid => paid >= until || callers.Exists(c => c.IsFaulted));
        await (callers.Find(c => c.IsFaulted) ?? Task.CompletedTask);
    }

    private static async Task<List<string>> QueryAsync(NpgsqlDataSource ledger, string sql)
    {
        await using var command = ledger.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }
}
