using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.ReadModels.Verifying;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>A bank whose sentinel checks every half second.</summary>
public sealed class WatchedBank : BankFixture
{
    protected override string[] Settings =>
        ["--Banking:Sentinel:IntervalSeconds", "0.5", "--Banking:Sentinel:BankEvery", "1", "--Banking:Sentinel:LargestStream", "20"];
}

/// <summary>A bank whose sentinel checks five times a second, each time only one event, or the one stream whose turn it is.</summary>
public sealed class SlowlyCheckedBank : BankFixture
{
    protected override string[] Settings => ["--Banking:Sentinel:IntervalSeconds", "0.2", "--Banking:Sentinel:Events", "1"];
}

/// <summary>A bank whose sentinel compares the next stream when a test asks for it.</summary>
public sealed class OneStreamBank : BankFixture
{
    protected override string[] Settings => [.. base.Settings, "--Banking:Sentinel:Streams", "1"];
}

/// <summary>Rows changed by SQL are found and reported, and repaired only when an operator requests it.</summary>
public sealed class SentinelTests(WatchedBank bank) : IClassFixture<WatchedBank>
{
    private static readonly object Why = new { reasonCode = "mended", reason = "Somebody changed rows by hand." };

    private readonly BankClient _teller = bank.As("teller");
    private readonly BankClient _operator = bank.As("operator");

    public static TheoryData<string, string, string, string> Drifts =>
        new()
        {
            { "entries", "accounts.entry", "update {0} set balance = balance + 1 where account = $1 and version = 2", "account" },
            {
                "entries",
                "accounts.entry",
                "update {0} set effective_at = effective_at - interval '1 second' where account = $1 and version = 2",
                "account"
            },
            { "entries", "accounts.entry", "delete from {0} where account = $1 and version = 2", "account" },
            { "entries", "accounts.entry_day", "insert into {0} select $1, 0, 0, '2026-01-01', 1, 1, 1, 1, 1, now(), now()", "account" },
            { "ledger", "ledger.journal", "update {0} set credit = credit + 1 where account = $1", "account" },
            { "ledger", "ledger.journal", "update {0} set counter = 2900 where account = $1", "account" },
            { "ledger", "ledger.gl_day", "update {0} set debits = debits + 1 where gl = 1000 and $1::uuid is not null", "sums" },
            { "ledger", "ledger.gl_day", "delete from {0} where gl = 2000 and $1::uuid is not null", "sums" },
            {
                "ledger",
                "ledger.gl_chunk",
                "update {0} set last_recorded_at = first_recorded_at - interval '1 hour' where $1::uuid is not null",
                "sums"
            },
            { "audit", "audit.event_index", "update {0} set actor = 'nobody' where stream = $1", "account" },
            { "audit", "audit.event_index", "insert into {0} values (1000000000, $1, 'x', 'y', 'z', now())", "account" },
        };

    [Theory]
    [MemberData(nameof(Drifts))]
    public async Task A_changed_row_is_reported_until_an_operator_repairs_it_and_both_are_in_the_log(
        string model, string table, string sql, string kind)
    {
        var account = Id(await _teller.OpenAsync(balance: "10.00"));
        await bank.CaughtUpAsync();
        var (schema, name) = (table.Split('.')[0], table.Split('.')[1]);
        var active = await bank.ActiveAsync(schema, name, model);
        var before = await RowsAsync(table, account);
        var drift = (await StatusAsync()).Drift;

        await bank.ExecuteAsync(string.Format(null, sql, active), account);

        var found = await Eventually.UntilAsync(StatusAsync, s => s.Drift > drift);
        await Eventually.UntilAsync(StatusAsync, s => s.Looks > found.Looks + 2);
        // The sentinel reports and does not repair.
        Assert.NotEqual(before, await RowsAsync(table, account));
        Assert.Equal("Degraded", await HealthAsync());
        Assert.Contains($"{name} false bank {(kind == "sums" ? "sums" : account.ToString())}", await DriftsAsync(model));

        var repaired = (await _operator.PostAsync($"/ops/projections/{model}/repair", Why)).Ok();

        Assert.Contains(repaired.Json.GetProperty("repaired").EnumerateArray(), d => d.GetProperty("table").GetString() == name);
        Assert.Equal(0, repaired.Json.GetProperty("remaining").GetArrayLength());
        Assert.Equal(before, await RowsAsync(table, account));
        Assert.Contains($"{name} true dev-operator {(kind == "sums" ? "sums" : account.ToString())}", await DriftsAsync(model));
        await Eventually.UntilAsync(HealthAsync, h => h == "Healthy");
        Assert.Empty(
            (
                await bank.Host.Services.GetRequiredService<Verification>().RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None)
            ).Differences);
        Assert.Equal(
            0, (await _operator.PostAsync($"/ops/projections/{model}/repair", Why)).Ok().Json.GetProperty("repaired").GetArrayLength());
    }

    [Fact]
    public async Task A_stored_state_that_differs_from_its_fold_is_reported_until_it_is_corrected()
    {
        var account = Id(await _teller.OpenAsync(balance: "10.00"));
        await bank.CaughtUpAsync();
        await Eventually.UntilAsync(HealthAsync, h => h == "Healthy");

        await bank.ExecuteAsync(
            "update accounts.mt_doc_account set data = jsonb_set(data, '{balance,minor}', '999900') where id = $1", account);

        await Eventually.UntilAsync(StatusAsync, s => s.Open.Any(d => d.Table == StateComparison.State && d.Stream == account));
        // Health follows within a second: it reports the status that the host read last.
        await Eventually.UntilAsync(HealthAsync, h => h == "Degraded");
        var open = (await _operator.GetAsync("/ops/projections")).Ok().Json.GetProperty("sentinel").GetProperty("open");
        Assert.Contains(
            open.EnumerateArray(),
            d => d.GetProperty("table").GetString() == StateComparison.State && d.GetProperty("stream").GetString() == $"acc_{account:n}");

        await bank.ExecuteAsync(
            "update accounts.mt_doc_account set data = jsonb_set(data, '{balance,minor}', '1000') where id = $1", account);
        await Eventually.UntilAsync(HealthAsync, h => h == "Healthy");
    }

    [Fact]
    public async Task Only_the_end_of_a_long_stream_is_compared_by_the_sentinel()
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        await Task.WhenAll(Enumerable.Range(0, 25).Select(_ => _teller.DepositAsync(account, "1.00")));
        await bank.CaughtUpAsync();
        var active = await bank.ActiveAsync("accounts", "entry", "entries");

        var before = await RowsAsync("accounts.entry", Id(account));
        var drift = (await StatusAsync()).Drift;

        await bank.ExecuteAsync($"update {active} set balance = balance + 1 where account = $1 and version >= 27", Id(account));

        await Eventually.UntilAsync(StatusAsync, s => s.Drift > drift);
        (await _operator.PostAsync("/ops/projections/entries/repair", Why)).Ok();
        Assert.Equal(before, await RowsAsync("accounts.entry", Id(account)));
        await Eventually.UntilAsync(HealthAsync, h => h == "Healthy");
    }

    [Fact]
    public async Task The_last_events_and_receipts_of_a_long_stream_are_compared_and_verify_compares_all()
    {
        await using var large = new LargeBank();
        await large.InitializeAsync();
        var history = new RandomHistory(large, 20);
        await history.RunAsync(1);
        var account = Id(history.Busy);
        async Task<long> VersionAsync() => (await large.QueryAsync<long>("select version from bank.mt_streams where id = $1", account))[0];
        await history.GrowAsync(1);
        await large.CaughtUpAsync();
        var verification = large.Host.Services.GetRequiredService<Verification>();
        async Task<string[]> LookAsync() =>
            [
                .. (
                    await verification.CompareAsync(
                        StreamSelection.Between(Guid.Empty, Guid.AllBitsSet), [account], 500, CancellationToken.None))
                    .Differences.Where(d => d.Stream == account)
                    .Select(d => d.Model),
            ];
        Assert.Empty(await LookAsync());
        async Task ForgeAsync(long version) =>
            await large.ForgeAsync(
                "delete from platform.receipt where event_id = "
                    + $"(select id from bank.mt_events where stream_id = '{account}' and version = {version})");

        await ForgeAsync(2);
        Assert.Empty(await LookAsync());
        Assert.Contains((await verification.RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None)).Differences, d =>
            d.Model == "receipts" && d.Stream == account);
        await ForgeAsync(await VersionAsync() - 2);
        Assert.Equal(["receipts"], await LookAsync());
        await large.ForgeAsync(
            $"update bank.mt_events set version = version + 5 where stream_id = '{account}' and version = {await VersionAsync()}");
        Assert.Contains("log", await LookAsync());
    }

    [Fact]
    public async Task A_check_compares_at_most_its_number_of_events_and_reaches_every_stream_in_turn()
    {
        await using var slow = new SlowlyCheckedBank();
        await slow.InitializeAsync();
        var teller = slow.As("teller");
        var first = Id(await teller.OpenAsync(balance: "10.00"));
        for (var i = 0; i < 10; i++)
        {
            await teller.OpenAsync(balance: "10.00");
        }

        await slow.CaughtUpAsync();
        var active = await slow.ActiveAsync("accounts", "entry", "entries");
        await slow.ExecuteAsync($"update {active} set balance = balance + 1 where account = $1 and version = 2", first);

        var sentinel = slow.Host.Services.GetRequiredService<Sentinel>();
        var status = await Eventually.UntilAsync(() => Task.FromResult(sentinel.Status), s => s.Open.Any(d => d.Stream == first));

        Assert.Equal([("entries", first)], status.Open.Where(d => d.Stream is not null).Select(d => (d.Model, d.Stream!.Value)).Distinct());
        // Each check takes the next stream in turn and one with recent events.
        Assert.InRange(status.Streams, status.Looks, 2 * status.Looks);
    }

    [Fact]
    public async Task One_host_checks_for_all_every_host_shows_the_result_and_another_takes_over()
    {
        await using var alone = new WatchedBank();
        await alone.InitializeAsync();
        await using var other = await alone.StartAnotherAsync();
        Sentinel[] sentinels = [.. new[] { alone.Host, other }.Select(h => h.Services.GetRequiredService<Sentinel>())];
        async Task<long> LooksAsync() =>
            (await BankFixture.On(other, "operator").GetAsync("/ops/projections"))
                .Ok()
                .Json.GetProperty("sentinel")
                .GetProperty("looks")
                .GetInt64();

        // Enough checks for both hosts to have run one, if both did.
        await Eventually.UntilAsync(LooksAsync, l => l >= 4);
        Assert.Single(sentinels, s => s.Status.LastLook is not null);

        var (looking, resting) = sentinels[0].Status.LastLook is not null ? (0, 1) : (1, 0);
        await sentinels[looking].StopAsync(CancellationToken.None);

        // Only the other host can add checks now.
        var last = await LooksAsync();
        await Eventually.UntilAsync(LooksAsync, l => l > last);
        Assert.Null(sentinels[looking].Status.LastLook);
        Assert.NotNull(sentinels[resting].Status.LastLook);
    }

    [Fact]
    public async Task A_new_leader_reports_the_saved_status_before_its_first_check()
    {
        // The next check is an hour away.
        await using var quiet = new BankFixture();
        await quiet.InitializeAsync();
        var sentinel = quiet.Host.Services.GetRequiredService<Sentinel>();
        const string Leading =
            "locktype = 'advisory' and ((classid::bigint << 32) | objid::bigint) = hashtextextended('sentinel', 0) "
            + "and database = (select oid from pg_database where datname = current_database())";
        await Eventually.UntilAsync(() => quiet.QueryAsync<int>($"select pid from pg_locks where {Leading}"), pids => pids.Count == 1);
        await new SentinelStatus(quiet.Clock.Now, 7, 70, 1, [new("ledger", "totals", null, "1", "2")]).SaveAsync(
            quiet.Database, CancellationToken.None);

        await quiet.ExecuteAsync($"select pg_terminate_backend(pid) from pg_locks where {Leading}");

        var shown = await Eventually.UntilAsync(() => Task.FromResult(sentinel.Status), s => s.Open.Count > 0);
        Assert.Equal(("totals", 7), (shown.Open[0].Table, shown.Looks));
    }

    [Fact]
    public async Task A_sentinel_that_starts_continues_after_the_stream_at_which_another_ended()
    {
        await using var quiet = new OneStreamBank();
        await quiet.InitializeAsync();
        await quiet.As("teller").OpenAsync(balance: "1.00");
        await quiet.CaughtUpAsync();
        var streams = await quiet.QueryAsync<Guid>("select id from bank.mt_streams order by id");
        var places = new List<SentinelPlace>();
        for (var i = 0; i <= streams.Count; i++)
        {
            await ActivatorUtilities.CreateInstance<Sentinel>(quiet.Host.Services).RunAsync(TestContext.Current.CancellationToken);
            places.Add((await SentinelStatus.ReadAsync(quiet.Database, TestContext.Current.CancellationToken)).Place);
        }

        Assert.Equal([.. streams, Guid.Empty], places.Select(p => p.Stream));
        Assert.All(places.SkipLast(1), p => Assert.Null(p.PassedAt));
        var shown = (await quiet.As("operator").GetAsync("/ops/projections")).Ok().Json.GetProperty("sentinel");
        Assert.Equal(places[^1].PassedAt, shown.GetProperty("passedAt").GetDateTimeOffset());
    }

    private async Task<string> HealthAsync() => (await bank.Anonymous().GetAsync("/health/ready")).Ok().Text("status");

    private Task<List<string>> DriftsAsync(string model) =>
        bank.QueryAsync<string>(
            "select data ->> 'table' || ' ' || (data ->> 'repaired') || ' ' || user_name || ' ' || coalesce(data ->> 'stream', 'sums') "
                + "from bank.mt_events where stream_id = $1 and type = 'platform.drift-found.v1' order by seq_id desc",
            ReadModelLog.StreamOf(model));

    private Task<SentinelStatus> StatusAsync() => Task.FromResult(bank.Host.Services.GetRequiredService<Sentinel>().Status);

    /// <summary>The rows of the account only: a repair adds events of its own to the log.</summary>
    private async Task<List<string>> RowsAsync(string table, Guid account) => await bank.QueryAsync<string>(
        $"select t::text from {table} t where t::text like '%' || $1 || '%' or '{table}' like 'ledger.gl_%' order by 1",
        account.ToString());

    private static Guid Id(string account) => PublicId.TryParse("acc", account, out var id) ? id : throw new FormatException(account);
}
