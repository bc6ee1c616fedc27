using System.Collections.Concurrent;
using System.Globalization;
using Banking.EmbeddedPostgres;
using Banking.EmbeddedPostgres.Backups;
using Banking.Testing;
using Npgsql;

namespace Banking.Host.Tests;

/// <summary>
/// A bank under load is backed up, its host is killed on the way, and it is restored to random moments. Each restored bank equals its log
/// (<c>verify --full</c>), has what was answered before its moment, and says from which position on it differs. eng/restores runs many.
/// </summary>
public sealed class RestoreUnderLoadTests(ITestOutputHelper output) : IDisposable
{
    private const int Callers = 8;

    private readonly DirectoryInfo _folder = TestFolders.New("banking-restores-");
    private readonly ConcurrentQueue<Answered> _answered = new();

    private string Data => Path.Combine(_folder.FullName, "data");

    private (string, string)[] Settings => [("Banking__DataFolder", Data), ("Banking__Keys__Folder", "")];

    private ArchiveFolder Archive => ArchiveFolder.Find(Path.Combine(Data, "backups"));

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_restore_to_any_moment_equals_its_log_and_has_what_was_answered_before()
    {
        var restores = Number("BANKING_RESTORES", 2);
        var seed = Number("BANKING_RESTORES_SEED", Environment.TickCount);
        output.WriteLine($"BANKING_RESTORES={restores} BANKING_RESTORES_SEED={seed}");
        var random = new Random(seed);
        var accounts = await LoadAsync([], begins: true, seconds: 1 + (restores / 8));
        await LoadAsync(accounts, begins: restores > 2, seconds: 1 + (restores / 8));
        var (state, first) = (Archive.ReadState(), Archive.ReadBases()[0]);
        Assert.Empty(Archive.ReadUsableBases().Problems);

        for (var i = 0; i < restores; i++)
        {
            await RestoreAsync(i % 2 == 0 ? ChooseTime(random, first, state) : ChoosePosition(random, first, state));
        }
    }

    /// <summary>Answered commands until the host is killed. The log after the first base backup continues over the kill.</summary>
    private async Task<IReadOnlyList<string>> LoadAsync(IReadOnlyList<string> accounts, bool begins, int seconds)
    {
        await using var host = await HostProcess.ServeAsync(["--no-demo"], Settings);
        var teller = await host.TellerAsync();
        accounts = accounts.Count > 0
            ? accounts
            : [.. await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => teller.OpenAsync(balance: "1000.00")))];
        var callers = Enumerable.Range(0, Callers).Select(caller => CallAsync(teller, accounts, caller)).ToList();
        if (begins)
        {
            var before = Directory.Exists(Path.Combine(Data, "backups")) ? Archive.ReadUsableBases().Bases.Count : 0;
            var operations = new BankClient(host.Http(), OperatorToken(host));
            Assert.Equal(202, (await operations.PostAsync("/ops/backups", new { reasonCode = "drill", reason = "A test." })).StatusCode);
            await Eventually.UntilAsync(
                async () => (await operations.GetAsync("/ops/backups")).Ok().Items().Count, count => count > before);
        }

        var (count, end) = (_answered.Count, TimeProvider.System.GetTimestamp());
        await Eventually.UntilAsync(
            () => (_answered.Count - count, TimeProvider.System.GetElapsedTime(end)),
            reached => reached.Item1 >= 100 && reached.Item2 >= TimeSpan.FromSeconds(seconds));
        await host.KillAsync();
        await Task.WhenAll(callers);
        return accounts;
    }

    private async Task CallAsync(BankClient teller, IReadOnlyList<string> accounts, int caller)
    {
        for (var i = caller; ; i++)
        {
            var sent = TimeProvider.System.GetUtcNow();
            try
            {
                var answer = i % 3 == 0
                    ? await teller.DepositAsync(accounts[i % accounts.Count], "2.00")
                    : await teller.TransferAsync(accounts[i % accounts.Count], accounts[(i + 1) % accounts.Count], "1.00");
                if (answer.StatusCode == 201)
                {
                    var position = long.Parse(answer.Header("Ledger-Position")!, CultureInfo.InvariantCulture);
                    _answered.Enqueue(new(position, sent, TimeProvider.System.GetUtcNow()));
                }
            }
            catch (HttpRequestException)
            {
                // The host was killed.
                return;
            }
        }
    }

    private async Task RestoreAsync((string Target, DateTimeOffset From) chosen)
    {
        var into = Path.Combine(_folder.FullName, "restored");
        var (exitCode, report, error) = await HostProcess.RunAsync(
            [
                "restore", "--to", chosen.Target, "--from", Path.Combine(Data, "backups"), "--into", into,
                $"--Banking:Keys:Folder={Path.Combine(Data, "keys")}",
            ]);
        output.WriteLine($"{chosen.Target}: {report.Split('\n')[0]}");
        Assert.True(exitCode == 0, $"{chosen.Target}: {report}{error}");
        Assert.Contains(": 0 differences", report, StringComparison.Ordinal);
        await using (var cluster = await PostgresCluster.StartAsync(new() { DataFolder = Path.Combine(into, "postgres") }))
        {
            await using var source = NpgsqlDataSource.Create(cluster.ConnectionString("banking"));
            var there = (await ListAsync(source, "select seq_id from bank.mt_events")).ToHashSet();
            var firstDifference = (await ListAsync(
                source, "select first_position from platform.log_epoch where cause = 'restored' order by number desc limit 1"))[0];
            Assert.Equal([], _answered.Where(a => a.At < chosen.From && !there.Contains(a.Position)));
            Assert.Equal([], _answered.Where(a => a.Position < firstDifference && !there.Contains(a.Position)));
            Assert.InRange(firstDifference, 1, there.Max() + 1);
        }

        Directory.Delete(into, recursive: true);
    }

    /// <returns>A time, and the time before which answered commands must be there.</returns>
    private static (string Target, DateTimeOffset From) ChooseTime(Random random, BackupManifest first, ArchiveState state)
    {
        var time = first.FinishedAt + (random.NextDouble() * (state.EndAt - first.FinishedAt));
        return (time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture), time);
    }

    /// <returns>The position of an answered command, and the time before it was sent.</returns>
    private (string Target, DateTimeOffset From) ChoosePosition(Random random, BackupManifest first, ArchiveState state)
    {
        var reached = _answered.Where(a => a.Position > first.Bank.LastPosition && a.Position <= state.LastPosition).ToList();
        var chosen = reached[random.Next(reached.Count)];
        return (chosen.Position.ToString(CultureInfo.InvariantCulture), chosen.SentAt);
    }

    private static string OperatorToken(HostProcess host) => host.Output.Split('\n')
        .Single(line => line.StartsWith("export OPERATOR=", StringComparison.Ordinal))["export OPERATOR=".Length..];

    private static int Number(string name, int otherwise) =>
        Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    private static async Task<List<long>> ListAsync(NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<long>();
        while (await reader.ReadAsync())
        {
            rows.Add(reader.GetInt64(0));
        }

        return rows;
    }

    /// <param name="SentAt">Before the command was sent.</param>
    /// <param name="At">After the answer had arrived.</param>
    private sealed record Answered(long Position, DateTimeOffset SentAt, DateTimeOffset At);
}
