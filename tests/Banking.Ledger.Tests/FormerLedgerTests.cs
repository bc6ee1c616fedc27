using Banking.ReadModels.Books;
using Banking.ReadModels.Verifying;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Banking.Ledger.Tests;

/// <summary>A bank whose ledger is stored as version 1 left it, and its first host of version 2.</summary>
public sealed class FormerLedgerTests : IAsyncLifetime
{
    private const string Now = "/v1/ledger/trial-balance";

    private readonly FormerBank _bank = new();
    private string _account = "";

    private string AsKnown => $"{Now}?knownAt={_bank.Clock.Now:yyyy-MM-ddTHH:mm:ssZ}";

    public async ValueTask InitializeAsync()
    {
        await _bank.InitializeAsync();
        await using var leave = _bank.Owner.CreateCommand(
            "drop view ledger.gl_chunk; drop table ledger.gl_chunk_g1; "
                + "update platform.read_model set model_version = 1 where name = 'ledger'");
        await Deadlocks.RetryAsync(() => leave.ExecuteNonQueryAsync());
        _account = await _bank.As("teller").OpenAsync(balance: "10.00");
        await Eventually.UntilAsync(() => DebitsAsync(_bank.As("auditor"), Now), debits => debits == "10.00");
    }

    public ValueTask DisposeAsync() => _bank.DisposeAsync();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_first_host_of_version_2_builds_it_and_hosts_of_version_1_write_their_own_tables_only(bool isFormerHostRunning)
    {
        if (!isFormerHostRunning)
        {
            await _bank.Host.StopAsync(TestContext.Current.CancellationToken);
        }

        // The build waits for the lock of the test.
        await using var building = await LockBuildAsync();
        _bank.IsUpgraded = true;
        await using var upgraded = await _bank.StartAnotherAsync();
        var (auditor, teller) = (BankFixture.On(upgraded, "auditor"), BankFixture.On(upgraded, "teller"));
        await Eventually.UntilAsync(VersionsAsync, v => v is ["1 serving", "2 building"]);

        // The sums of days are served meanwhile; those of chunks are not there yet.
        Assert.Equal("10.00", await DebitsAsync(auditor, Now));
        foreach (var path in (string[])[AsKnown, "/v1/ledger/accounts/cash/explain"])
        {
            var answer = await auditor.GetAsync(path);
            Assert.Equal((503, "read_model_building", "1"), (answer.StatusCode, answer.Code, answer.Header("Retry-After")));
        }

        (await teller.DepositAsync(_account, "5.00")).Created();
        if (isFormerHostRunning)
        {
            await Eventually.UntilAsync(() => DebitsAsync(auditor, Now), debits => debits == "15.00");
        }

        await building.DisposeAsync();
        await Eventually.UntilAsync(VersionsAsync, v => v is ["1 retired", "2 serving"]);
        (await teller.DepositAsync(_account, "2.00")).Created();
        await Eventually.UntilAsync(() => DebitsAsync(auditor, Now), debits => debits == "17.00");
        Assert.Equal("17.00", await DebitsAsync(auditor, AsKnown));
        var verified = await upgraded.Services.GetRequiredService<Verification>().RunAsync(Guid.Empty, null, _ => { }, default);
        Assert.Empty(verified.Differences);
        Assert.Equal(["ledger.journal_g1"], _bank.Ledger.Written.Keys);
        await Eventually.UntilAsync(
            () => ListAsync("select tablename::text from pg_tables where schemaname = 'ledger' order by 1"),
            tables => tables is ["gl_chunk_g2", "gl_day_g2", "journal_g2"]);
    }

    /// <summary>The sum of all debits, which are in one currency.</summary>
    private static async Task<string?> DebitsAsync(BankClient auditor, string trialBalance) =>
        (await auditor.GetAsync(trialBalance)).Ok().Json.GetProperty("currencies").EnumerateArray()
            .Select(c => c.GetProperty("debits").GetProperty("value").GetString()).SingleOrDefault();

    private Task<List<string>> VersionsAsync() =>
        ListAsync("select model_version || ' ' || state from platform.read_model where name = 'ledger' order by generation");

    private async Task<List<string>> ListAsync(string sql)
    {
        await using var command = _bank.Owner.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }

    /// <summary>Takes the lock that a build of the ledger needs, until the connection is disposed.</summary>
    private async Task<NpgsqlConnection> LockBuildAsync()
    {
        var connection = new NpgsqlConnection(_bank.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand("select pg_advisory_lock(hashtextextended('rebuild:ledger', 1))", connection);
        await command.ExecuteNonQueryAsync();
        return connection;
    }

    /// <summary>A bank whose hosts have version 1 of the ledger until it is upgraded.</summary>
    private sealed class FormerBank : BankFixture
    {
        public FormerLedger Ledger { get; } = new();

        public bool IsUpgraded { get; set; }

        protected override void Configure(IServiceCollection services)
        {
            if (!IsUpgraded)
            {
                // No other read model is registered by a factory.
                services.Remove(services.Single(s => s.ServiceType == typeof(ReadModel) && s.ImplementationFactory is not null));
                services.AddSingleton<ReadModel>(Ledger);
            }
        }
    }
}
