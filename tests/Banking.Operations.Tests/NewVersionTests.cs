using Banking.Commands.Operators;
using Banking.Host;
using Banking.Host.Hosting;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.ReadModels.Rebuilding;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>The first host with a new version of a read model builds it while the old version serves.</summary>
public sealed class NewVersionTests : IAsyncLifetime
{
    private readonly VersionedBank _bank = new();

    public ValueTask InitializeAsync() => _bank.InitializeAsync();

    public ValueTask DisposeAsync() => _bank.DisposeAsync();

    [Fact]
    public async Task A_new_version_is_built_at_start_and_becomes_active_and_the_old_tables_stay_unchanged()
    {
        var teller = _bank.As("teller");
        var account = await teller.OpenAsync(balance: "10.00");
        await _bank.CaughtUpAsync();
        Assert.Equal(["a"], await MarksAsync());
        // What remains of a version when a process ends before it has dropped the tables.
        var rebuild = _bank.Host.Services.GetRequiredService<Rebuild>();
        var left = (await rebuild.RequestAsync([_bank.Next], OperatorAction.OfTheBank("a test"), CancellationToken.None))!["probe"];
        await rebuild.CancelAsync(_bank.Next, OperatorAction.OfTheBank("a test"), CancellationToken.None);
        await using (var create = _bank.Database.CreateCommand($"create table probe.seen_g{left} as select * from probe.seen"))
        {
            await create.ExecuteNonQueryAsync();
        }

        // Hosts that start after this have version 2, which writes another mark.
        _bank.Next = new Probe { Number = 2, Mark = "b" };
        await using var upgraded = await _bank.StartAnotherAsync();
        await Eventually.UntilAsync(MarksAsync, marks => marks is ["b"]);

        await Eventually.UntilAsync(
            () => _bank.QueryAsync<string>("select tablename::text from pg_tables where schemaname = 'probe'"), t => t is ["seen_g3"]);
        Assert.Equal(["1 1 retired", "2 1 cancelled", "3 2 serving"], await _bank.QueryAsync<string>(
            "select concat_ws(' ', generation, model_version, state) from platform.read_model where name = 'probe' order by generation"));
        (await teller.DepositAsync(account, "1.00")).Created();
        await _bank.CaughtUpAsync();
        Assert.Equal(["b"], await MarksAsync());
        Assert.Equal(
            await _bank.QueryAsync<long>("select count(*) from bank.mt_events where seq_id <= (select max(position) from probe.seen)"),
            await _bank.QueryAsync<long>("select count(*) from probe.seen"));

        // The host with the old version must not write rows of the new version, and reports why its version is stalled.
        var old = (await _bank.As("operator").GetAsync("/ops/projections"))
            .Ok()
            .Items()
            .Single(p => p.GetProperty("name").GetString() == "probe");
        Assert.Contains("version 2", old.GetProperty("lag").GetProperty("stalled").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_that_does_not_serve_tries_the_new_version_out_and_its_first_host_switches_to_it()
    {
        var teller = _bank.As("teller");
        var account = await teller.OpenAsync(balance: "10.00");
        await _bank.CaughtUpAsync();
        var next = _bank.Next = new Probe { Number = 2, Mark = "b", HasTypes = true };
        await using var program = new ServiceCollection()
            .AddLogging()
            .AddEventStoreForCommands(new(_bank.ConnectionString), BankModules.All)
            .AddSingleton<ReadModel>(next)
            .BuildServiceProvider();
        await using (var connection = await _bank.Database.OpenConnectionAsync())
        {
            await program.GetRequiredService<ReadModelSchema>().PrepareAsync(connection);
        }

        var number = await program.GetRequiredService<Rebuild>().TryOutAsync(
            next, OperatorAction.OfTheBank("a trial"), CancellationToken.None);

        Assert.Equal(
            ["1 1 serving", "2 2 differs"],
            await _bank.QueryAsync<string>(
                "select concat_ws(' ', generation, model_version, state) from platform.read_model where name = 'probe' order by 1"));
        var listed = await program.GetRequiredService<CandidateDifferences>().PageAsync("probe", number!.Value, null, 500, default);
        Assert.Equal("type text", $"{listed[0].Changes.Single().Column} {listed[0].Changes.Single().Candidate}".Replace("\"", ""));
        var rows = listed.Single(d => d.StreamType == "account");
        Assert.Equal((2, "mark", "\"a\"", "\"b\""), (rows.Rows, rows.Changes[0].Column, rows.Changes[0].Active, rows.Changes[0].Candidate));
        var refused = await _bank.As("operator").PostAsync(
            "/ops/projections/probe/candidate/switch", new { reasonCode = "deploy", reason = "Too early." });
        Assert.Equal((409, "other_version"), (refused.StatusCode, refused.Code));
        // The active version follows the log while the candidate waits.
        (await teller.DepositAsync(account, "1.00")).Created();
        await _bank.CaughtUpAsync();
        Assert.Equal(["a"], await MarksAsync());

        await using var upgraded = await _bank.StartAnotherAsync();
        await Eventually.UntilAsync(MarksAsync, marks => marks is ["b"]);

        await _bank.CaughtUpAsync();
        Assert.Equal(
            ["1 retired rebuild", "2 serving rebuild"],
            await _bank.QueryAsync<string>(
                "select concat_ws(' ', generation, state, purpose) from platform.read_model where name = 'probe' order by 1"));
        Assert.Equal(
            await _bank.QueryAsync<long>("select count(*) from bank.mt_events where seq_id <= (select max(position) from probe.seen)"),
            await _bank.QueryAsync<long>("select count(*) from probe.seen where type <> ''"));
    }

    private async Task<List<string>> MarksAsync() => await _bank.QueryAsync<string>("select distinct mark from probe.seen order by 1");

    private sealed class VersionedBank : BankFixture
    {
        public Probe Next { get; set; } = new();

        protected override void Configure(IServiceCollection services) => services.AddSingleton<ReadModel>(Next);
    }
}
