using System.Globalization;
using System.Text.Json;
using Banking.Testing;

namespace Banking.Host.Tests;

/// <summary>A served bank is backed up by its host, which tries out restores by the command for operators.</summary>
public sealed class BackupCommandTests : IDisposable
{
    private readonly DirectoryInfo _folder = TestFolders.New("banking-backups-");

    private string Data => Path.Combine(_folder.FullName, "data");

    private (string, string)[] Settings => [("Banking__DataFolder", Data), ("Banking__Keys__Folder", "")];

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Drills_restore_and_verify_the_newest_backup_and_find_a_damaged_one_and_nonsense_is_refused()
    {
        await ServeAsync(_ => Task.CompletedTask);
        Assert.Equal(0, (await RunAsync("backup")).ExitCode);
        var archived = "";
        await ServeAsync(async host => archived = await ClosedAsync(host));
        var (written, files, wrong) = await RunAsync("archive", "write", "--before", $"{TimeProvider.System.GetUtcNow():O}");
        Assert.True(written == 0 && files.Contains(" 4 events of 1 streams", StringComparison.Ordinal), files + wrong);
        Assert.Equal(0, (await RunAsync("archive", "remove")).ExitCode);
        await ServeAsync(async host =>
        {
            var teller = await host.TellerAsync();
            await teller.RegisterAsync("Ada");
            var operations = OperatorOf(host);
            var backups = (await operations.GetAsync("/ops/backups")).Ok().Json;
            Assert.True(backups.GetProperty("managed").GetBoolean());
            var taken = Assert.Single(backups.GetProperty("items").EnumerateArray());
            var restorable = backups.GetProperty("restorable");
            Assert.Equal(taken.GetProperty("lastPosition").GetInt64(), restorable.GetProperty("fromPosition").GetInt64());
            Assert.True(restorable.GetProperty("upTo").GetDateTimeOffset() >= taken.GetProperty("finishedAt").GetDateTimeOffset());
            var report = await DrillAsync(operations, succeeds: true);
            Assert.Contains("Restored up to position ", report, StringComparison.Ordinal);
            Assert.Contains(": 0 differences", report, StringComparison.Ordinal);
            await WithDamageAsync(async () =>
            {
                Assert.Contains("PG_VERSION is damaged", await DrillAsync(operations, succeeds: false), StringComparison.Ordinal);
                var health = (await operations.GetAsync("/health/ready")).Ok().Json.GetProperty("checks").GetProperty("backups");
                Assert.Equal("Degraded", health.GetProperty("status").GetString());
            });
            await AssertOneBackupAtATimeAsync(operations);
        });
        Assert.False(Directory.Exists(Path.Combine(Data, "drill")));
        await AssertNonsenseIsRefusedAsync(archived);
    }

    private async Task AssertNonsenseIsRefusedAsync(string archived)
    {
        var (exitCode, output, refusal) = await RunAsync("restore", "--to", "LATEST", "--into", Data);
        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Contains("is not empty", refusal, StringComparison.Ordinal);
        var (position, _, unknownCommit) = await RunAsync("restore", "--to", archived, "--into", Data + "2");
        Assert.Equal(2, position);
        Assert.Contains($"position {archived} was archived", unknownCommit, StringComparison.Ordinal);
        var (unwritable, _, reason) = await RunAsync("restore", "--to", "LATEST", "--into", "/dev/null/bank");
        Assert.Equal(2, unwritable);
        Assert.EndsWith("Nothing was restored.\n", reason, StringComparison.Ordinal);
        var (full, _, needed) = await RunAsync(
            "restore", "--to", "LATEST", "--into", Data + "2", "--Banking:Backup:MinFreeGigabytes=1000000");
        Assert.Equal(2, full);
        Assert.Contains("of free space and needs", needed, StringComparison.Ordinal);
        Assert.Equal(2, (await RunAsync("restore", "--to", "yesterday", "--into", Data + "2")).ExitCode);
        var (unknown, _, unknownBase) = await RunAsync("restore", "--to", "LATEST", "--base", "20000101T000000.000Z", "--into", Data + "2");
        Assert.Equal(2, unknown);
        Assert.Contains("has no usable base backup 20000101T000000.000Z", unknownBase, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_restore_is_refused_where_the_settings_name_another_database_that_it_would_verify()
    {
        var (exitCode, _, error) = await HostProcess.RunAsync(
            ["restore", "--to", "LATEST", "--from", Data, "--into", Data + "2"], ("ConnectionStrings__banking", "Host=other"));

        Assert.Equal(2, exitCode);
        Assert.Contains("ConnectionStrings:banking names another database", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_list_of_backups_ends_with_1_if_one_is_damaged_and_with_2_if_there_is_none()
    {
        var list = () => HostCommand.RunAsync(["backup", "list"], ("Banking__Backup__Folder", Data));
        Assert.Equal(2, (await list()).ExitCode);
        var state = Path.Combine(Directory.CreateDirectory(Path.Combine(Data, "archive")).FullName, "archive.json");
        await File.WriteAllTextAsync(state, "{");

        var (exitCode, _, error) = await list();

        Assert.Equal(1, exitCode);
        Assert.Contains(state, error, StringComparison.Ordinal);
    }

    /// <summary>
    /// Makes events that can be moved to the event archive, which is in no backup; returns the position of one when all followers of the
    /// log have passed them.
    /// </summary>
    private static async Task<string> ClosedAsync(HostProcess host)
    {
        var teller = await host.TellerAsync();
        var account = await teller.OpenAsync();
        var deposit = (await teller.DepositAsync(account, "1.00")).Created().Header("Ledger-Position")!;
        (await teller.WithdrawAsync(account, "1.00")).Created();
        var closed = (await teller.PostAsync($"/v1/accounts/{account}/close", new { reasonCode = "wish", reason = "By letter" })).Ok();
        var end = long.Parse(closed.Header("Ledger-Position")!, CultureInfo.InvariantCulture);
        var operations = OperatorOf(host);
        foreach (var (path, at) in new (string, Func<JsonElement, long>)[]
        {
            ("/ops/projections", p => p.GetProperty("lag").GetProperty("position").GetInt64()),
            ("/ops/outbox", d => d.GetProperty("position").GetInt64()),
        })
        {
            await Eventually.UntilAsync(
                async () => (await operations.GetAsync(path)).Ok().Items(), items => items.All(i => at(i) >= end));
        }

        return deposit;
    }

    private static async Task AssertOneBackupAtATimeAsync(BankClient operations)
    {
        var why = new { reasonCode = "drill", reason = "A test." };
        Assert.Equal(422, (await operations.PostAsync("/ops/backups", new { reasonCode = "drill" })).StatusCode);
        var begun = await operations.PostAsync("/ops/backups", why);
        Assert.Equal((202, "true"), (begun.StatusCode, begun.Text("running")));
        var refused = await operations.PostAsync("/ops/backups", why);
        Assert.Equal((409, "backup_running"), (refused.StatusCode, refused.Code));
    }

    /// <summary>Waits for a drill: the schedule has one a second.</summary>
    private static async Task<string> DrillAsync(BankClient operations, bool succeeds)
    {
        var backups = await Eventually.UntilAsync(
            async () => (await operations.GetAsync("/ops/backups")).Ok().Json,
            backups => backups.TryGetProperty("lastDrill", out var drill) && drill.GetProperty("succeeded").GetBoolean() == succeeds);
        return backups.GetProperty("lastDrill").GetProperty("report").GetString()!;
    }

    private static BankClient OperatorOf(HostProcess host)
    {
        var token = host.Output.Split('\n').Single(line => line.StartsWith("export OPERATOR=", StringComparison.Ordinal));
        return new(host.Http(), token["export OPERATOR=".Length..]);
    }

    private async Task WithDamageAsync(Func<Task> use)
    {
        var file = Directory.GetFiles(Path.Combine(Data, "backups"), "PG_VERSION", SearchOption.AllDirectories)
            .MinBy(f => f.Length)!;
        var original = await File.ReadAllBytesAsync(file);
        await File.WriteAllBytesAsync(file, [0, .. original[1..]]);
        await use();
        await File.WriteAllBytesAsync(file, original);
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] args) => HostProcess.RunAsync(args, Settings);

    private async Task ServeAsync(Func<HostProcess, Task> use)
    {
        // The command line wins over the environment, for drills too.
        await using var host = await HostProcess.ServeAsync(
            ["--no-demo", "--Banking:Postgres:BinFolder=", "--Banking:Backup:MinFreeGigabytes=1"],
            [
                .. Settings, ("Banking__Backup__DrillIntervalSeconds", "1"), ("Banking__Postgres__BinFolder", "/nowhere"),
                ("Banking__Backup__MinFreeGigabytes", "1000000"),
            ]);
        await use(host);
        Assert.Equal(0, await host.StopAsync());
    }
}
