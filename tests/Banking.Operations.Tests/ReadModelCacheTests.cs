using Banking.Commands.Operators;
using Banking.EventStore.Log;
using Banking.ReadModels.Books;
using Banking.ReadModels.Verifying;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>A read model continues from its cached rows, and reads the rows again after another writer.</summary>
public sealed class ReadModelCacheTests : IAsyncLifetime
{
    private readonly Unfollowed _bank = new();
    private BankClient _teller = null!;
    private ReadModel _entries = null!;

    public async ValueTask InitializeAsync()
    {
        await _bank.InitializeAsync();
        _teller = _bank.As("teller");
        _entries = _bank.Host.Services.GetServices<ReadModel>().Single(m => m.Name == "entries");
    }

    public ValueTask DisposeAsync() => _bank.DisposeAsync();

    [Fact]
    public async Task It_does_not_read_rows_that_it_wrote_itself()
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        await ServeAsync();
        await TamperAsync(account);

        Assert.Equal(1_100, await DepositAsync(account));
    }

    [Fact]
    public async Task It_reads_the_rows_again_after_another_writer()
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        await ServeAsync();
        await TamperAsync(account);
        await OtherWriterAsync();

        // The last row is wrong, and was read from the table.
        Assert.Equal(1_101, await DepositAsync(account));
    }

    [Fact]
    public async Task It_reads_the_rows_again_after_a_repair()
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        await ServeAsync();
        await TamperAsync(account);
        await OtherWriterAsync();
        Assert.Equal(1_101, await DepositAsync(account));

        var repaired = await _bank.Host.Services.GetRequiredService<Repair>().RunAsync(
            "entries", OperatorAction.OfTheBank("the rows differed from the log"), CancellationToken.None);

        Assert.Equal(2, repaired!.Repaired.Count(d => d.Stream == Id(account)));
        Assert.Equal(1_200, await DepositAsync(account));
    }

    [Fact]
    public async Task It_reads_the_rows_again_after_a_failed_page()
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        await ServeAsync();
        var active = await _bank.ActiveAsync("accounts", "entry", "entries");
        await _bank.ExecuteAsync($"alter table {active} add constraint enough check (balance < 1100)");
        (await _teller.DepositAsync(account, "1.00")).Created();
        Assert.Null(await ServeAsync());
        await _bank.ExecuteAsync($"alter table {active} drop constraint enough");
        await _bank
            .Host.Services.GetRequiredService<ReadModelWriter>()
            .ResumeAsync(_entries, OperatorAction.OfTheBank("the constraint is gone"), CancellationToken.None);

        Assert.Equal(1_200, await DepositAsync(account));
    }

    private Task TamperAsync(string account) =>
        _bank.ExecuteAsync(
            "update accounts.entry e set balance = balance + 1 "
                + "where account = $1 and version = (select max(version) from accounts.entry where account = $1)",
            Id(account));

    private Task OtherWriterAsync() =>
        _bank.ExecuteAsync("update platform.read_model set updated_at = updated_at where name = 'entries'");

    /// <summary>Deposits 1.00 and projects it. Returns the balance of the read model.</summary>
    private async Task<long> DepositAsync(string account)
    {
        (await _teller.DepositAsync(account, "1.00")).Created();
        Assert.NotNull(await ServeAsync());
        return (
            await _bank.QueryAsync<long>("select balance from accounts.entry where account = $1 order by version desc limit 1", Id(account))
        ).Single();
    }

    private async Task<Advanced?> ServeAsync()
    {
        var services = _bank.Host.Services;
        return await services.GetRequiredService<ReadModelWriter>().AdvanceAsync(
            _entries, await services.GetRequiredService<HighWaterMark>().LookAsync(CancellationToken.None), CancellationToken.None);
    }

    private static Guid Id(string account) => PublicId.TryParse("acc", account, out var id) ? id : throw new FormatException(account);

    /// <summary>Only the test projects events to the read models of this bank.</summary>
    private sealed class Unfollowed : BankFixture
    {
        protected override string[] Settings => [.. base.Settings, $"--{FollowSettings.Follows}", "false"];
    }
}
