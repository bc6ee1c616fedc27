using System.Globalization;
using System.Net;
using System.Text.Json;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>A rebuild under load does not disturb readers and writers, and its rows equal the log.</summary>
public sealed class RebuildTests : IAsyncLifetime
{
    private static readonly object Why = new { reasonCode = "drill", reason = "Is it the same?" };

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
    public async Task A_rebuild_under_load_causes_no_failures_and_no_stale_reads_and_its_rows_equal_the_log()
    {
        var accounts = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => _teller.OpenAsync(balance: "1000.00")));
        using var stop = new CancellationTokenSource();
        var answers = new System.Collections.Concurrent.ConcurrentBag<Answer>();
        var load = Enumerable.Range(0, 4).Select(n => TransferAndReadAsync(accounts, n, answers, stop.Token)).ToList();

        do
        {
            foreach (var name in (string[])["entries", "ledger", "audit"])
            {
                var (before, _) = await NewestAsync(name);
                (await _operator.PostAsync($"/ops/projections/{name}/rebuild", Why)).Is(HttpStatusCode.Accepted);
                await Eventually.UntilAsync(() => NewestAsync(name), g => g.State != "building");
                Assert.Equal((before + 1, "serving"), await NewestAsync(name));
            }
        }
        while (answers.Count < 300);

        await stop.CancelAsync();
        await Task.WhenAll(load);
        Assert.DoesNotContain(answers, a => a.StatusCode >= 500);
        Assert.DoesNotContain(answers, a => a.Header("Ledger-Stale") is not null);
        await _bank.CaughtUpAsync();
        Assert.Empty((await _bank.Verification.RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None)).Differences);
    }

    [Fact]
    public async Task A_comparison_whose_tables_are_dropped_restarts_with_the_active_tables()
    {
        await _teller.OpenAsync(balance: "10.00");
        await _bank.CaughtUpAsync();
        var (model, seen) = (_bank.Verification.Models.Single(m => m.Name == "ledger"), new List<int>());

        var differences = await _bank
            .Host.Services.GetRequiredService<Snapshots>()
            .OfAsync(
                model,
                async (snapshot, serving) =>
                {
                    seen.Add(serving.Number);
                    var tables = ReadTables.Generation(model, serving.Number);
                    if (seen.Count == 1)
                    {
                        (await _operator.PostAsync("/ops/projections/ledger/rebuild", Why)).Is(HttpStatusCode.Accepted);
                        await Eventually.UntilAsync(
                            () => _bank.QueryAsync<bool>($"select to_regclass('{tables["journal"]}') is null"), gone => gone[0]);
                    }

                    return await model.InvariantsAsync(snapshot, tables, CancellationToken.None);
                },
                byKeys: true,
                CancellationToken.None);

        Assert.Empty(differences);
        Assert.Equal([seen[0], seen[0] + 1], seen);
    }

    [Fact]
    public async Task Differences_from_the_log_are_shown_and_not_overwritten_until_an_operator_decides()
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        await _bank.CaughtUpAsync();
        var active = await _bank.ActiveAsync("probe", "seen", "probe");
        await _bank.ExecuteAsync($"update {active} set mark = 'drifted' where position = (select max(position) from {active})");

        (await _operator.PostAsync("/ops/projections/probe/rebuild", Why)).Is(HttpStatusCode.Accepted);
        await Eventually.UntilAsync(() => NewestAsync("probe"), g => g.State != "building");

        var rebuilt = (await _operator.GetAsync("/ops/projections/probe/rebuild")).Ok().Json;
        Assert.Equal("differs", rebuilt.GetProperty("state").GetString());
        var difference = Assert.Single(rebuilt.GetProperty("differences").EnumerateArray());
        Assert.Contains("\"mark\": \"a\"", difference.GetProperty("expected").GetString(), StringComparison.Ordinal);
        Assert.Contains("\"mark\": \"drifted\"", difference.GetProperty("found").GetString(), StringComparison.Ordinal);
        Assert.Equal("drifted", (await _bank.QueryAsync<string>("select mark from probe.seen where mark <> 'a'"))[0]);
        Assert.Equal((409, "rebuild_in_progress"), StatusAndCode(await _operator.PostAsync("/ops/projections/probe/rebuild", Why)));

        (await _teller.DepositAsync(account, "1.00")).Created();
        (await _operator.PostAsync("/ops/projections/probe/rebuild/switch", Why)).Ok();

        Assert.Empty(await _bank.QueryAsync<string>("select mark from probe.seen where mark <> 'a'"));
        await _bank.CaughtUpAsync();
        Assert.Equal(
            await _bank.QueryAsync<long>("select count(*) from bank.mt_events where seq_id <= (select max(position) from probe.seen)"),
            await _bank.QueryAsync<long>("select count(*) from probe.seen"));
        Assert.Empty(
            await _bank.QueryAsync<string>(
                "select table_name::text from information_schema.tables where table_schema || '.' || table_name = $1", active));
        Assert.Equal((409, "no_rebuild"), StatusAndCode(await _operator.PostAsync("/ops/projections/probe/rebuild/switch", Why)));
    }

    [Fact]
    public async Task A_rebuild_that_has_not_started_can_be_cancelled()
    {
        await _teller.OpenAsync(balance: "10.00");
        await _bank.CaughtUpAsync();
        // A rebuild needs this lock, so no host can start it.
        await using var held = await _bank.Database.OpenConnectionAsync();
        await ExecuteAsync(held, "select pg_advisory_lock(hashtextextended('rebuild:probe', 1))");
        (await _operator.PostAsync("/ops/projections/probe/rebuild", Why)).Is(HttpStatusCode.Accepted);

        var cancelled = (await _operator.PostAsync("/ops/projections/probe/rebuild/cancel", Why)).Ok();
        await ExecuteAsync(held, "select pg_advisory_unlock_all()");

        Assert.Equal("cancelled", cancelled.Text("state"));
        Assert.Equal((409, "no_rebuild"), StatusAndCode(await _operator.PostAsync("/ops/projections/probe/rebuild/cancel", Why)));
        await UntilOnlyActiveTablesAsync();
    }

    [Fact]
    public async Task A_rebuild_can_be_cancelled_at_any_moment_and_leaves_no_tables()
    {
        await _teller.OpenAsync(balance: "10.00");
        for (var i = 0; i < 10; i++)
        {
            (await _operator.PostAsync("/ops/projections/probe/rebuild", Why)).Is(HttpStatusCode.Accepted);
            if (i % 2 == 1)
            {
                await Eventually.UntilAsync(
                    () =>
                        _bank.QueryAsync<bool>(
                            "select started_at is not null from platform.read_model where name = 'probe' order by generation desc limit 1"),
                    s => s[0]);
            }

            var cancelled = await _operator.PostAsync("/ops/projections/probe/rebuild/cancel", Why);
            var (_, state) = await Eventually.UntilAsync(() => NewestAsync("probe"), g => g.State != "building");

            // The rebuild may have finished before the cancellation.
            Assert.Equal(cancelled.StatusCode == 200 ? "cancelled" : "serving", state);
            Assert.Contains(cancelled.StatusCode, (int[])[200, 409]);
        }

        await UntilOnlyActiveTablesAsync();
    }

    /// <summary>Waits until only the active tables exist; the rebuild may take a moment to see its cancellation.</summary>
    private async Task UntilOnlyActiveTablesAsync()
    {
        var active = await _bank.ActiveAsync("probe", "seen", "probe");
        await Eventually.UntilAsync(
            () =>
                _bank.QueryAsync<string>(
                    "select table_schema || '.' || table_name from information_schema.tables "
                        + "where table_schema = 'probe' and table_type = 'BASE TABLE'"),
            tables => tables is [var only] && only == active);
        await _bank.CaughtUpAsync();
        Assert.Empty((await _bank.Verification.RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None)).Differences);
    }

    [Fact]
    public async Task Progress_is_sent_as_server_sent_events_to_the_end_and_actor_and_reason_are_in_the_log()
    {
        await _teller.OpenAsync(balance: "10.00");
        (await _operator.PostAsync("/ops/projections/audit/rebuild", new { reasonCode = "drill", reason = "Only to see it go." })).Is(
            HttpStatusCode.Accepted);

        var events = (await _operator.GetAsync("/ops/projections/audit/rebuild", ("Accept", "text/event-stream"))).Ok();

        Assert.Equal("text/event-stream", events.Header("Content-Type"));
        var lines = events.Body.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("event: finished", lines[^2]);
        Assert.Equal("serving", JsonDocument.Parse(lines[^1]["data: ".Length..]).RootElement.GetProperty("state").GetString());
        Assert.All(lines.SkipLast(2).Where(l => l.StartsWith("event:", StringComparison.Ordinal)), l => Assert.Equal("event: progress", l));
        Assert.Contains(
            "dev-operator drill Only to see it go.",
            await _bank.QueryAsync<string>(
                "select concat_ws(' ', user_name, headers ->> 'reasonCode', headers ->> 'reasonText') from bank.mt_events "
                    + "where stream_id = $1 and type = 'platform.rebuild-requested.v1'",
                ReadModelLog.StreamOf("audit")));
    }

    /// <summary>Transfers money and reads the entry at the position of the answer.</summary>
    private async Task TransferAndReadAsync(
        string[] accounts, int n, System.Collections.Concurrent.ConcurrentBag<Answer> answers, CancellationToken stop)
    {
        for (var i = n; !stop.IsCancellationRequested; i++)
        {
            var (from, to) = (accounts[i % accounts.Length], accounts[(i + 1) % accounts.Length]);
            var paid = await _teller.TransferAsync(from, to, "0.01");
            answers.Add(paid);
            var position = paid.Created().Header("Ledger-Position")!;
            var read = await _operator.GetAsync("/v1/entries?limit=500", ("Ledger-Min-Position", position), ("Prefer", "wait=30"));
            answers.Add(read);
            Assert.Contains(read.Ok().Items(), e =>
                e.GetProperty("position").GetInt64() >= long.Parse(position, CultureInfo.InvariantCulture) - 1);
            answers.Add(await _teller.GetAsync($"/v1/accounts/{from}/entries?limit=500"));
        }
    }

    private async Task<(int Generation, string State)> NewestAsync(string name) =>
        (
            await _bank.QueryAsync<string>(
                "select generation || ' ' || state from platform.read_model where name = $1 order by generation desc limit 1", name))[0]
            .Split(' ')
            is [var generation, var state]
            ? (int.Parse(generation, CultureInfo.InvariantCulture), state)
            : default;

    private static async Task ExecuteAsync(Npgsql.NpgsqlConnection connection, string sql)
    {
        await using var command = new Npgsql.NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static (int, string) StatusAndCode(Answer answer) => (answer.StatusCode, answer.Code);
}

internal static class AnswerAssertions
{
    public static void Is(this Answer answer, HttpStatusCode status) =>
        Assert.True(answer.Status == status, $"{status} was expected: {answer.Status} {answer.Body}");
}
