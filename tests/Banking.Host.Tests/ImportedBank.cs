using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Alba;
using Banking.Testing;
using Banking.Testing.Histories;
using Npgsql;

namespace Banking.Host.Tests;

/// <summary>
/// A bank with an imported history. A host has served it once, so its read models are at the end of the log.
/// </summary>
internal sealed class ImportedBank : IAsyncDisposable
{
    private static readonly string[] Tables =
    [
        "accounts.entry",
        "accounts.entry_day",
        "accounts.bank_day",
        "ledger.journal",
        "ledger.gl_day",
        "ledger.gl_chunk",
        "audit.event_index",
    ];

    private static readonly ConcurrentDictionary<string, Lazy<Task<Template>>> Templates = [];
    private static readonly ConcurrentDictionary<string, Lazy<Task<ImportedBank>>> Shared = [];

    private ImportedBank(string database, History history, JsonElement report) => (Database, Known, Report) = (database, history, report);

    public string Database { get; }

    public History Known { get; }

    /// <summary>The report of the import.</summary>
    public JsonElement Report { get; }

    /// <summary>Number of imported events, which is also the position of the last one.</summary>
    public long Events => Known.Events;

    /// <summary>Position of an event in the middle of the log, well after the customers and accounts.</summary>
    public long Middle => Events / 2;

    public static async Task<ImportedBank> CopyAsync(string history)
    {
        var template = await Templates.GetOrAdd(history, name => new(() => CreateTemplateAsync(History.Of(name)))).Value;
        return new(await TestCluster.NewDatabaseAsync(template.Database), History.Of(history), template.Report);
    }

    /// <summary>The one bank shared by all tests that do not change it.</summary>
    public static Task<ImportedBank> UntouchedAsync(string history = "sample") =>
        Shared.GetOrAdd(history, name => new(() => CopyAsync(name))).Value;

    public async ValueTask DisposeAsync() => await TestCluster.DropAsync(Database);

    /// <summary>Runs a command in the test process.</summary>
    public Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] command) =>
        HostCommand.RunAsync(command, ("ConnectionStrings__banking", Database));

    /// <summary>Runs a command in a process of its own.</summary>
    public Task<(int ExitCode, string Output, string Error)> RunProcessAsync(params string[] command) =>
        HostProcess.RunAsync(command, ("ConnectionStrings__banking", Database));

    /// <summary>Starts a host in the test process.</summary>
    public Task<IAlbaHost> StartHostAsync() => BankFixture.StartOnAsync(Database);

    /// <summary>Starts a host in a process of its own.</summary>
    public Task<HostProcess> ServeAsync() => HostProcess.ServeAsync(["--no-demo"], ("ConnectionStrings__banking", Database));

    /// <summary>Verifies the whole bank against its log and asserts that nothing differs.</summary>
    public async Task VerifyAsync()
    {
        var (exitCode, output, error) = await RunAsync("verify", "--full");
        Assert.True(exitCode == 0, output + error);
        Assert.Contains(": 0 differences.", output, StringComparison.Ordinal);
    }

    /// <summary>The rows of a query; each row is its columns joined by bars.</summary>
    public async Task<List<string>> RowsAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(TestCluster.Owner(Database));
        await using var command = source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(
                string.Join(
                    '|',
                    Enumerable.Range(0, reader.FieldCount).Select(i => Convert.ToString(reader.GetValue(i), CultureInfo.InvariantCulture)))
            );
        }

        return rows;
    }

    /// <summary>The single row of a query.</summary>
    public async Task<string> RowAsync(string sql) => Assert.Single(await RowsAsync(sql));

    /// <summary>
    /// Row count and row hash of each table of the active read models. The audit model also indexes the requests of rebuilds, so its rows
    /// are limited to the imported events.
    /// </summary>
    public Task<List<string>> ServedAsync() =>
        RowsAsync(
            string.Join(
                " union all ",
                Tables.Select(t =>
                    $"select '{t}', count(*), sum(hash_record_extended(r, 0)) from {t} r"
                    + (t == "audit.event_index" ? $" where position <= {Events}" : ""))) + " order by 1");

    /// <summary>Asserts that two queries return the same rows, and at least one.</summary>
    public async Task SameRowsAsync(string one, string other)
    {
        Assert.NotEqual("0", await RowAsync($"select count(*) from ({one}) r"));
        Assert.Empty(await RowsAsync($"(({one}) except all ({other})) union all (({other}) except all ({one}))"));
    }

    public async Task UntilAsync(string condition)
    {
        await using var source = NpgsqlDataSource.Create(TestCluster.Owner(Database));
        await using var command = source.CreateCommand($"select {condition}");
        await Eventually.UntilAsync(command.ExecuteScalarAsync, isTrue => isTrue is true);
    }

    private static async Task<Template> CreateTemplateAsync(History history)
    {
        var database = await TestCluster.NewDatabaseAsync();
        var report = await BerkaCommand.ImportAsync(database, history.Folder);
        var bank = new ImportedBank(database, history, report);
        await using (await bank.StartHostAsync())
        {
            await bank.UntilAsync($"count(*) = 3 from platform.read_model where position = {history.Events}");
            await bank.UntilAsync($"count(*) = 3 from bank.mt_event_progression where last_seq_id = {history.Events}");
        }

        return new(new NpgsqlConnectionStringBuilder(database).Database!, report);
    }

    private sealed record Template(string Database, JsonElement Report);
}
