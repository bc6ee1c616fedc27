using System.Globalization;
using Banking.Testing;
using Npgsql;

namespace Banking.Host.Tests;

/// <summary>A bank with a real history that was served once, so that its read models are at the end of its log; and commands about it.</summary>
internal sealed class ImportedBank : IAsyncDisposable
{
    public const long Events = 26_477;

    private static readonly string[] Tables = ["accounts.entry", "accounts.entry_day", "ledger.journal", "ledger.gl_day", "audit.event_index"];

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private static readonly Lazy<Task<string>> Template = new(MakeAsync);
    private static readonly Lazy<Task<ImportedBank>> Shared = new(CopyAsync);

    private ImportedBank(string database) => Database = database;

    public string Database { get; }

    public static async Task<ImportedBank> CopyAsync()
    {
        _ = BerkaCommand.Folder;
        return new(await TestCluster.NewDatabaseAsync(await Template.Value));
    }

    /// <summary>One for all tests that change nothing of it.</summary>
    public static Task<ImportedBank> UntouchedAsync()
    {
        _ = BerkaCommand.Folder;
        return Shared.Value;
    }

    public async ValueTask DisposeAsync() => await TestCluster.DropAsync(Database);

    public Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] command) =>
        HostProcess.RunAsync(command, ("ConnectionStrings__banking", Database));

    public Task<HostProcess> ServeAsync() => HostProcess.ServeAsync(["--no-demo"], ("ConnectionStrings__banking", Database));

    /// <summary>Compares all of the bank with its log.</summary>
    public async Task VerifyAsync()
    {
        var (exitCode, output, error) = await RunAsync("verify", "--full");
        Assert.True(exitCode == 0, output + error);
        Assert.Contains(": 0 differences.", output, StringComparison.Ordinal);
    }

    /// <summary>The rows of a query, each as its columns with bars between them.</summary>
    public async Task<List<string>> RowsAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(TestCluster.Owner(Database));
        await using var command = source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(i => Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture))));
        }

        return rows;
    }

    /// <summary>The only row of a query.</summary>
    public async Task<string> RowAsync(string sql) => Assert.Single(await RowsAsync(sql));

    /// <summary>All that readers see of the history in the read models: rows and a sum over them, by table. What is done to read models is in the log, and the audit model, too.</summary>
    public Task<List<string>> ServedAsync() => RowsAsync(string.Join(" union all ", Tables.Select(
        t => $"select '{t}', count(*), sum(hash_record_extended(r, 0)) from {t} r" + (t == "audit.event_index" ? $" where position <= {Events}" : ""))) + " order by 1");

    /// <summary>Two queries have rows, and the same.</summary>
    public async Task SameRowsAsync(string one, string other)
    {
        Assert.NotEqual("0", await RowAsync($"select count(*) from ({one}) r"));
        Assert.Empty(await RowsAsync($"(({one}) except all ({other})) union all (({other}) except all ({one}))"));
    }

    public async Task UntilAsync(string condition)
    {
        var clock = TimeProvider.System;
        await using var source = NpgsqlDataSource.Create(TestCluster.Owner(Database));
        await using var command = source.CreateCommand($"select {condition}");
        for (var started = clock.GetTimestamp(); await command.ExecuteScalarAsync() is not true; await Task.Delay(Pause, clock))
        {
            Assert.True(clock.GetElapsedTime(started) < TimeSpan.FromSeconds(60), "It never came to this: " + condition);
        }
    }

    private static async Task<string> MakeAsync()
    {
        var bank = new ImportedBank(await TestCluster.NewDatabaseAsync());
        await BerkaCommand.ImportAsync(bank.Database, BerkaCommand.Folder);
        await using (await bank.ServeAsync())
        {
            await bank.UntilAsync($"count(*) = 3 from platform.read_model where position = {Events}");
        }

        return new NpgsqlConnectionStringBuilder(bank.Database).Database!;
    }
}
