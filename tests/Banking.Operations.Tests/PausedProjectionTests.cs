using System.Globalization;
using Banking.ReadModels.Books;
using Banking.Testing;

namespace Banking.Operations.Tests;

/// <summary>A read model pauses before an event that it cannot project, and reports it. Other read models continue.</summary>
public sealed class PausedProjectionTests : IAsyncLifetime
{
    private static readonly object Why = new { reasonCode = "mended", reason = "The bug is fixed." };

    private readonly ProbedBank _bank = new();
    private BankClient _teller = null!;
    private BankClient _operator = null!;

    public async ValueTask InitializeAsync()
    {
        await _bank.InitializeAsync();
        (_teller, _operator) = (_bank.As("teller"), _bank.As("operator"));
    }

    public ValueTask DisposeAsync() => _bank.DisposeAsync();

    [Fact]
    public async Task A_planted_bug_pauses_only_its_projection_which_catches_up_when_resumed()
    {
        var account = await _teller.OpenAsync(balance: "1.00");
        _bank.Probe.Throws = true;
        var poison = Position(await _teller.DepositAsync(account, "13.13"));
        var after = Position(await _teller.DepositAsync(account, "1.00"));

        var stopped = await Eventually.UntilAsync(() => ProjectionAsync("probe"), p => p.TryGetProperty("paused", out _));
        Assert.Equal(poison, stopped.GetProperty("paused").GetProperty("position").GetInt64());
        Assert.Contains("a planted bug", stopped.GetProperty("paused").GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Contains($"position {poison}", stopped.GetProperty("lag").GetProperty("stalled").GetString(), StringComparison.Ordinal);
        Assert.Equal(poison - 1, await _bank.QueryAsync<long>("select max(position) from probe.seen") is [var last] ? last : 0);
        await Eventually.UntilAsync(() => HealthAsync(), h => h == "Degraded");

        // The other read models continue: their answers are not stale.
        var read = await _operator.GetAsync("/v1/entries", ("Ledger-Min-Position", Text(after)), ("Prefer", "wait=30"));
        Assert.Null(read.Ok().Header("Ledger-Stale"));
        Assert.Equal(poison - 1, (await ProjectionAsync("probe")).GetProperty("active").GetProperty("position").GetInt64());

        _bank.Probe.Throws = false;
        (await _operator.PostAsync("/ops/projections/probe/resume", Why)).Ok();

        await _bank.CaughtUpAsync();
        Assert.Equal(
            await _bank.QueryAsync<long>("select seq_id from bank.mt_events where seq_id <= $1 order by 1", after),
            await _bank.QueryAsync<long>("select position from probe.seen where position <= $1 order by 1", after));
        await Eventually.UntilAsync(() => HealthAsync(), h => h == "Healthy");
        Assert.Equal(
            ["dev-operator", "bank"],
            await _bank.QueryAsync<string>(
                "select user_name from bank.mt_events where stream_id = $1 "
                    + "and type in ('platform.read-model-paused.v1', 'platform.read-model-resumed.v1') order by seq_id desc limit 2",
                ReadModelLog.StreamOf("probe")));
    }

    [Fact]
    public async Task A_row_that_the_table_refuses_pauses_the_projection_at_its_event()
    {
        var account = await _teller.OpenAsync(balance: "1.00");
        _bank.Probe.Refused = true;
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _teller.DepositAsync(account, "1.00")));
        var poison = Position(await _teller.DepositAsync(account, "13.13"));
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => _teller.DepositAsync(account, "1.00")));

        var stopped = await Eventually.UntilAsync(() => ProjectionAsync("probe"), p => p.TryGetProperty("paused", out _));
        Assert.Equal(poison, stopped.GetProperty("paused").GetProperty("position").GetInt64());

        _bank.Probe.Refused = false;
        (await _operator.PostAsync("/ops/projections/probe/resume", Why)).Ok();
        await _bank.CaughtUpAsync();
    }

    [Fact]
    public async Task A_candidate_whose_event_can_be_read_now_is_resumed_and_the_active_version_is_not()
    {
        var account = await _teller.OpenAsync(balance: "1.00");
        _bank.Probe.Throws = true;
        await _teller.DepositAsync(account, "13.13");
        await Eventually.UntilAsync(() => ProjectionAsync("probe"), p => p.TryGetProperty("paused", out _));

        // A candidate that a host of an earlier version has built so far, and that no host continues.
        await _bank.ExecuteAsync(
            """
            insert into platform.read_model (
                name, generation, model_version, state, purpose, updated_at, requested_at, requested_by, reason, has_sums,
                paused_at, pause_position, pause_reason)
            select name, generation + 1, model_version, 'building', 'command', updated_at, updated_at, 'test', 'test', false,
                timestamptz '2026-01-01', (select min(seq_id) from bank.mt_events), 'This version of the bank does not know its type.'
            from platform.read_model where name = 'probe' and state = 'serving'
            """);

        await Eventually.UntilAsync(
            () => _bank.QueryAsync<bool>("select paused_at is null from platform.read_model where name = 'probe' order by generation"),
            isRunning => isRunning[^1]);
        Assert.Equal(
            [1],
            await _bank.QueryAsync<int>(
                "select count(*)::int from bank.mt_events where stream_id = $1 and type = 'platform.read-model-paused.v1'",
                ReadModelLog.StreamOf("probe")));
    }

    [Fact]
    public async Task Only_a_paused_read_model_can_be_resumed_and_a_reason_is_required()
    {
        Assert.Equal((409, "not_paused"), StatusAndCode(await _operator.PostAsync("/ops/projections/ledger/resume", Why)));
        Assert.Equal((404, "projection_not_found"), StatusAndCode(await _operator.PostAsync("/ops/projections/nothing/resume", Why)));
        Assert.Equal(
            (422, "reason_required"),
            StatusAndCode(await _operator.PostAsync("/ops/projections/ledger/resume", new { reasonCode = "mended" })));
        Assert.Equal(
            (422, "reason_required"),
            StatusAndCode(await _operator.PostAsync("/ops/projections/ledger/rebuild", new { reason = "because" })));
    }

    private async Task<System.Text.Json.JsonElement> ProjectionAsync(string name) =>
        (await _operator.GetAsync("/ops/projections")).Ok().Items().Single(p => p.GetProperty("name").GetString() == name);

    private async Task<string> HealthAsync() => (await _bank.Anonymous().GetAsync("/health/ready")).Ok().Text("status");

    private static (int, string) StatusAndCode(Answer answer) => (answer.StatusCode, answer.Code);

    private static long Position(Answer answer) => long.Parse(answer.Created().Header("Ledger-Position")!, CultureInfo.InvariantCulture);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
