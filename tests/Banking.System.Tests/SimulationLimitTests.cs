using Banking.SharedKernel;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>Simulations that are too large, take too long, are too many, or lose their host.</summary>
public sealed class SimulationLimitTests(SimulationLimitTests.SmallLimits bank) : IClassFixture<SimulationLimitTests.SmallLimits>
{
    private readonly BankClient _teller = bank.As("teller");

    public sealed class SmallLimits : BankFixture
    {
        protected override string[] Settings =>
        [
            .. base.Settings, "--Banking:Simulations:MaxAccounts", "2", "--Banking:Simulations:MaxEvents", "4",
            // Over after the first event.
            "--Banking:Simulations:MaxSeconds", "0.000001",
        ];
    }

    [Fact]
    public async Task Too_many_accounts_or_events_are_refused_before_anything_is_replayed()
    {
        var customer = await _teller.RegisterAsync();
        var accounts = new List<string>();
        for (var i = 0; i < 3; i++)
        {
            accounts.Add(await _teller.OpenAsync(customer, balance: "10.00"));
        }

        (await StartAsync(new { accounts })).IsProblem(422, "simulation_too_large");
        (await StartAsync(new { customerId = customer })).IsProblem(422, "simulation_too_large");
        (await _teller.WithdrawAsync(accounts[0], "1.00")).Created();
        (await _teller.WithdrawAsync(accounts[1], "100.00")).IsProblem(422, "insufficient_funds");
        var tooLarge = await StartAsync(new { accounts = accounts.Take(2) });

        tooLarge.IsProblem(422, "simulation_too_large");
        Assert.Equal(("6", "4"), (tooLarge.Text("events"), tooLarge.Text("maxEvents")));
    }

    [Fact]
    public async Task A_simulation_whose_time_is_over_stops_and_says_how_far_it_came()
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        var simulation = await StartedAsync(account);

        var stopped = await Eventually.UntilAsync(() => _teller.GetAsync(simulation), a => a.Text("state") != "running");

        Assert.Equal(("stopped", "1", "2"), (stopped.Text("state"), stopped.Text("progress", "done"), stopped.Text("progress", "total")));
        Assert.False(stopped.Json.TryGetProperty("result", out _));
    }

    [Fact]
    public async Task A_host_runs_no_more_simulations_than_it_may_and_one_without_its_host_is_interrupted()
    {
        var account = await _teller.OpenAsync();
        // The end of a simulation waits for this lock.
        await ExecuteAsync(
            """
            create function accounts.wait_for_test() returns trigger language plpgsql as
                'begin perform pg_advisory_xact_lock(4711); return new; end';
            create trigger wait_for_test before update on accounts.simulation for each row
                when (new.state <> old.state) execute function accounts.wait_for_test()
            """);
        await using (var holder = await bank.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken))
        {
            await using var hold = holder.CreateCommand();
            hold.CommandText = "select pg_advisory_lock(4711)";
            await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            var running = await StartedAsync(account);

            var refused = await StartAsync(new { accounts = new[] { account } });
            Assert.Equal("running", (await _teller.GetAsync(running)).Text("state"));
            hold.CommandText = "select pg_advisory_unlock(4711)";
            await hold.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

            Assert.Equal((503, "too_many_simulations", "10"), (refused.StatusCode, refused.Code, refused.Header("Retry-After")));
            await Eventually.UntilAsync(() => _teller.GetAsync(running), a => a.Text("state") == "stopped");
            await ExecuteAsync("drop trigger wait_for_test on accounts.simulation");
            // What a host leaves that was killed a minute ago.
            await ExecuteAsync(
                $"update accounts.simulation set state = 'Running', seen_at = now() - interval '1 minute' where id = '{Id(running)}'");
            Assert.Equal("interrupted", (await _teller.GetAsync(running)).Text("state"));
        }
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = bank.Owner.CreateCommand(sql);
        await Deadlocks.RetryAsync(() => command.ExecuteNonQueryAsync());
    }

    private static Guid Id(string simulation) => PublicId.TryParse("sim", simulation.Split('/')[^1], out var id) ? id : default;

    private Task<Answer> StartAsync(object request) => _teller.PostAsync("/v1/simulations", request);

    /// <summary>The address of a simulation of one account.</summary>
    private async Task<string> StartedAsync(string account) =>
        (await Eventually.UntilAsync(() => StartAsync(new { accounts = new[] { account } }), a => a.StatusCode != 503)).Header("Location")!;
}
