using Banking.Commands.Operators;
using Banking.Host;
using Banking.Host.Hosting;
using Banking.ReadModels.Books;
using Banking.ReadModels.Rebuilding;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.Operations.Tests;

/// <summary>A candidate that no host of the new version completes does not block the deployment of that version.</summary>
public sealed class StaleCandidateTests(ProbedBank bank) : IClassFixture<ProbedBank>, IAsyncLifetime
{
    private static readonly OperatorAction Action = OperatorAction.OfTheBank("a test");

    private readonly LogLines _log = new();
    private ServiceProvider _deployed = null!;
    private VersionUpgrade _upgrade = null!;

    public async ValueTask InitializeAsync()
    {
        _deployed = new ServiceCollection()
            .AddLogging(l => l.AddProvider(_log))
            .AddEventStoreForCommands(new(bank.ConnectionString), BankModules.All)
            .AddSingleton<ReadModel>(new Probe { Number = 2, Mark = "b" })
            .BuildServiceProvider();
        _upgrade = ActivatorUtilities.CreateInstance<VersionUpgrade>(_deployed);
        await bank.As("teller").OpenAsync(balance: "10.00");
        await bank.CaughtUpAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await bank.Rebuild.CancelAsync(bank.Probe, Action, CancellationToken.None);
        await _deployed.DisposeAsync();
    }

    [Fact]
    public async Task The_candidate_of_a_command_that_died_is_replaced_and_that_of_a_living_command_is_not()
    {
        await RequestAsync(version: 2, GenerationPurpose.CommandTrial);
        await using (var alive = await bank.Database.OpenConnectionAsync())
        {
            await using var take = new NpgsqlCommand("select pg_advisory_lock(hashtextextended('rebuild:probe', 1))", alive);
            await take.ExecuteNonQueryAsync();
            await _upgrade.RunAsync(CancellationToken.None);
            Assert.Equal("2 building command", (await NewestAsync())[0]);
            Assert.Single(_log.With("Version 2 of probe is not built yet"));
            await using var release = new NpgsqlCommand("select pg_advisory_unlock_all()", alive);
            await release.ExecuteNonQueryAsync();
        }

        Assert.Equal(["2 building rebuild", "2 cancelled command"], await UpgradedAsync());
    }

    [Fact]
    public async Task A_trial_of_a_lower_version_that_waits_is_replaced()
    {
        await RequestAsync(version: 1, GenerationPurpose.Trial);
        await Eventually.UntilAsync(NewestAsync, n => n[0] == "1 equal trial");

        Assert.Equal(["2 building rebuild", "1 cancelled trial"], await UpgradedAsync());
        Assert.Single(await bank.QueryAsync<string>("select tablename::text from pg_tables where schemaname = 'probe'"));
    }

    [Fact]
    public async Task A_trial_of_a_higher_version_stays_and_is_logged_as_the_reason()
    {
        await RequestAsync(version: 3, GenerationPurpose.Trial);

        await _upgrade.RunAsync(CancellationToken.None);
        await _upgrade.RunAsync(CancellationToken.None);

        Assert.Equal("3 building trial", (await NewestAsync())[0]);
        Assert.Contains("of version 3", Assert.Single(_log.With("is not built yet")), StringComparison.Ordinal);
        // When it is gone, the new version is requested.
        await bank.Rebuild.CancelAsync(bank.Probe, Action, CancellationToken.None);
        Assert.Equal(["2 building rebuild", "3 cancelled trial"], await UpgradedAsync());
    }

    private async Task RequestAsync(int version, string purpose) =>
        await bank.Rebuild.RequestAsync([new Probe { Number = version }], Action, CancellationToken.None, purpose);

    /// <summary>Repeats the step of a host: the lock may be held by the other host, which takes it to look for candidates.</summary>
    private Task<List<string>> UpgradedAsync() => Eventually.UntilAsync(
        async () =>
        {
            await _upgrade.RunAsync(CancellationToken.None);
            return await NewestAsync();
        },
        n => n[0] == "2 building rebuild");

    private Task<List<string>> NewestAsync() => bank.QueryAsync<string>(
        "select concat_ws(' ', model_version, state, purpose) from platform.read_model where name = 'probe' "
            + "order by generation desc limit 2");
}
