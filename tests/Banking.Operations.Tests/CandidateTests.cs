using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Banking.Commands.Operators;
using Banking.ReadModels.Books;
using Banking.ReadModels.Rebuilding;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Banking.Operations.Tests;

/// <summary>A candidate is built and compared while the active version serves, and an operator switches to it or drops it.</summary>
public sealed class CandidateTests(LabelledBank bank) : IClassFixture<LabelledBank>, IAsyncLifetime
{
    private const string Candidate = "/ops/projections/probe/candidate";

    private static readonly object Why = new { reasonCode = "trial", reason = "What would change?" };

    private readonly BankClient _teller = bank.As("teller");
    private readonly BankClient _operator = bank.As("operator");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await DropAsync();
        await bank.ExecuteAsync($"update {await bank.ActiveAsync("probe", "seen", "probe")} set mark = 'a'");
    }

    [Fact]
    public async Task A_candidate_of_the_same_code_is_equal_and_a_dropped_one_leaves_no_table()
    {
        await _teller.OpenAsync(balance: "10.00");
        await bank.CaughtUpAsync();

        var built = await BuildAsync();

        Assert.Equal(("equal", "trial"), (State(built), built.GetProperty("candidate").GetProperty("purpose").GetString()));
        Assert.Equal((0, 0), (built.GetProperty("rows").GetInt64(), built.GetProperty("items").GetArrayLength()));
        Assert.Equal((400, "malformed_cursor"), StatusAndCode(await _operator.GetAsync($"{Candidate}?cursor={Forged("seen/a\0b")}")));
        Assert.Equal((409, "candidate_exists"), StatusAndCode(await _operator.PostAsync(Candidate, Why)));
        Assert.Equal((409, "rebuild_in_progress"), StatusAndCode(await _operator.PostAsync("/ops/projections/probe/rebuild", Why)));

        var dropped = (await DropAsync()).Ok();

        Assert.Equal("cancelled", dropped.Text("state"));
        Assert.Equal("cancelled", State((await _operator.GetAsync(Candidate)).Ok().Json));
        Assert.Single(await TablesAsync());
        Assert.Equal((404, "no_candidate"), StatusAndCode(await DropAsync()));
        Assert.Equal((404, "no_candidate"), StatusAndCode(await _operator.PostAsync($"{Candidate}/switch", Why)));
    }

    [Fact]
    public async Task A_command_does_not_drop_the_candidate_that_a_host_has_taken_over()
    {
        await bank.CaughtUpAsync();
        var number = (await BuildAsync()).GetProperty("candidate").GetProperty("generation").GetInt32();
        // What the first host of a new version does with a candidate that waits.
        await bank.ForgeAsync($"update platform.read_model set purpose = 'rebuild' where name = 'probe' and generation = {number}");
        var trials = bank.Host.Services.GetRequiredService<Trials>();
        Task<bool> DropAsync(string? purpose) =>
            trials.DropAsync("probe", OperatorAction.OfTheBank("test"), CancellationToken.None, number, purpose);

        Assert.False(await DropAsync(GenerationPurpose.CommandTrial));
        Assert.Equal("equal", State((await _operator.GetAsync(Candidate)).Ok().Json));
        Assert.True(await DropAsync(null));
    }

    [Fact]
    public async Task Forged_rows_are_listed_by_account()
    {
        var accounts = await ForgeAsync();

        var built = await BuildAsync();

        Assert.Equal("differs", State(built));
        Assert.Equal((3, 2), (built.GetProperty("rows").GetInt64(), built.GetProperty("streams").GetInt64()));
        var first = (await _operator.GetAsync($"{Candidate}?limit=1")).Ok();
        var second = (await _operator.GetAsync($"{Candidate}?limit=1&cursor={first.Text("nextCursor")}")).Ok();
        Assert.Equal("400", $"{(await _operator.GetAsync($"{Candidate}?cursor=eA")).StatusCode}");
        var items = new[] { first, second }.Select(a => Assert.Single(a.Json.GetProperty("items").EnumerateArray())).ToList();
        Assert.False(second.Json.TryGetProperty("nextCursor", out _));
        var counts = items.ToDictionary(i => i.GetProperty("account").GetString()!, i => i.GetProperty("rows").GetInt64());
        Assert.Equal((2, 1), (counts[accounts[0]], counts[accounts[1]]));
        Assert.All(items, i => Assert.Equal(i.GetProperty("account").GetString(), i.GetProperty("stream").GetString()));
        var change = items.SelectMany(i => i.GetProperty("changes").EnumerateArray()).First();
        Assert.Equal(
            ("mark", "\"forged\"", "\"a\""),
            (change.GetProperty("column").GetString(), change.GetProperty("active").GetString(),
                change.GetProperty("candidate").GetString()));
    }

    [Fact]
    public async Task Differences_of_rows_with_long_keys_are_listed_page_by_page()
    {
        const string Labels = "/ops/projections/labels/candidate";
        await _teller.OpenAsync(balance: "10.00");
        await bank.CaughtUpAsync();
        var active = await bank.ActiveAsync("labels", "label", "labels");
        await bank.ExecuteAsync(
            $"update {active} set mark = 'forged' where label in (select label from {active} order by label desc limit 3)");
        (await _operator.PostAsync(Labels, Why)).Is(HttpStatusCode.Accepted);
        await Eventually.UntilAsync(async () => (await _operator.GetAsync(Labels)).Ok().Json, c => State(c) == "differs");

        var keys = new List<string>();
        for (var path = $"{Labels}?limit=1"; path is not null;)
        {
            var page = (await _operator.GetAsync(path)).Ok();
            var item = Assert.Single(page.Items());
            keys.Add(item.GetProperty("changes")[0].GetProperty("key").GetRawText());
            path = page.NextCursor() is { } cursor ? $"{Labels}?limit=1&cursor={cursor}" : null;
        }

        Assert.Equal((3, 3), (keys.Count, keys.Distinct().Count()));
        var key = ("Idempotency-Key", BankClient.NewKey());
        var dropped = (await _operator.SendAsync(
            HttpMethod.Delete, $"{Labels}?reasonCode=trial&reason=It%20was%20only%20looked%20at.", null, key)).Ok();
        // The same request in another spelling of its query.
        Assert.Equal(dropped.Body, (await _operator.SendAsync(
            HttpMethod.Delete, $"{Labels}?reason=It+was+only+looked+at.&reasonCode=trial", null, key)).Ok().Body);
        await bank.ExecuteAsync($"update {active} set mark = 'a'");
    }

    [Fact]
    public async Task Forged_rows_are_gone_after_a_switch_that_loses_no_movement()
    {
        var accounts = await ForgeAsync();
        Assert.Equal("differs", State(await BuildAsync()));
        using var stop = new CancellationTokenSource();
        var paid = 0;
        var paying = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                (await _teller.DepositAsync(accounts[0], "0.01")).Created();
                Interlocked.Increment(ref paid);
            }
        });
        await Eventually.UntilAsync(() => Volatile.Read(ref paid), p => p > 5);
        var switched = await _operator.PostAsync($"{Candidate}/switch", Why);
        var before = Volatile.Read(ref paid);
        await Eventually.UntilAsync(() => Volatile.Read(ref paid), p => p > before + 5);
        await stop.CancelAsync();
        await paying;

        Assert.Equal("serving", switched.Ok().Text("state"));
        Assert.Equal([0L], await bank.QueryAsync<long>("select count(*) from platform.read_model_difference where name = 'probe'"));
        await bank.CaughtUpAsync();
        Assert.Equal(["a"], await bank.QueryAsync<string>("select distinct mark from probe.seen"));
        Assert.Equal(
            await bank.QueryAsync<long>("select count(*) from bank.mt_events where seq_id <= (select max(position) from probe.seen)"),
            await bank.QueryAsync<long>("select count(*) from probe.seen"));
        Assert.Single(await TablesAsync());
        Assert.Empty((await bank.Verification.RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None)).Differences);
    }

    [Fact]
    public async Task A_candidate_that_is_being_built_cannot_be_switched_to_and_can_be_dropped()
    {
        await _teller.OpenAsync(balance: "10.00");
        // To build it a host needs this lock.
        await using var held = await bank.Database.OpenConnectionAsync();
        await using var take = new NpgsqlCommand("select pg_advisory_lock(hashtextextended('rebuild:probe', 1))", held);
        await take.ExecuteNonQueryAsync();
        (await _operator.PostAsync(Candidate, Why)).Is(HttpStatusCode.Accepted);

        Assert.Equal((409, "candidate_building"), StatusAndCode(await _operator.PostAsync($"{Candidate}/switch", Why)));

        Assert.Equal("cancelled", (await DropAsync()).Ok().Text("state"));
        await using var release = new NpgsqlCommand("select pg_advisory_unlock_all()", held);
        await release.ExecuteNonQueryAsync();
    }

    [Fact]
    public async Task Hosts_do_not_build_the_candidate_of_a_command_that_died()
    {
        var action = OperatorAction.OfTheBank("a test");
        await bank.Rebuild.RequestAsync([bank.Probe], action, CancellationToken.None, GenerationPurpose.CommandTrial);

        Assert.False(await bank.Rebuild.RunAsync([bank.Probe], CancellationToken.None));

        var shown = (await _operator.GetAsync(Candidate)).Ok().Json.GetProperty("candidate");
        Assert.Equal(("building", "command"), (shown.GetProperty("state").GetString(), shown.GetProperty("purpose").GetString()));
        Assert.Equal("cancelled", (await DropAsync()).Ok().Text("state"));
    }

    [Fact]
    public async Task A_trial_that_ended_between_its_comparison_and_its_end_is_compared_again()
    {
        await ForgeAsync();
        Assert.Equal("differs", State(await BuildAsync()));
        // What is stored then: the differences, and not the state.
        await bank.ExecuteAsync(
            "update platform.read_model set state = 'building', finished_at = null, outcome = null, differences = null "
                + "where name = 'probe' and state = 'differs'");

        var resumed = await Eventually.UntilAsync(async () => (await _operator.GetAsync(Candidate)).Ok().Json, c => State(c) != "building");

        Assert.Equal(("differs", 3), (State(resumed), resumed.GetProperty("rows").GetInt64()));
    }

    [Fact]
    public async Task A_trial_that_cannot_be_built_does_not_keep_the_trials_of_other_books_from_running()
    {
        List<ReadModel> books = [.. bank.Host.Services.GetServices<ReadModel>()];
        var (failing, other) = (books[0], books[^1]);
        // The host needs these locks to build them: it finds both at once, in the order of the books.
        await using var held = await bank.Database.OpenConnectionAsync();
        foreach (var book in new[] { other, failing })
        {
            await using var take = new NpgsqlCommand($"select pg_advisory_lock(hashtextextended('rebuild:{book.Name}', 1))", held);
            await take.ExecuteNonQueryAsync();
        }

        var numbers = await bank.Rebuild.RequestAsync(
            [failing, other], OperatorAction.OfTheBank("a test"), CancellationToken.None, GenerationPurpose.Trial);
        // The name of its first table is taken by a type.
        var taken = ReadTables.Generation(failing, numbers![failing.Name])[failing.Tables[0].Name];
        await bank.ForgeAsync($"create domain {taken} as int");
        await using (var release = new NpgsqlCommand("select pg_advisory_unlock_all()", held))
        {
            await release.ExecuteNonQueryAsync();
        }

        var states = await Eventually.UntilAsync(
            async () => (await bank.QueryAsync<string>(
                "select name || ' ' || state from platform.read_model where state in ('building', 'equal')")).Order().ToList(),
            s => s.Contains($"{other.Name} equal"));

        Assert.Contains($"{failing.Name} building", states);
        Assert.True(await bank.Rebuild.CancelAsync(failing, OperatorAction.OfTheBank("a test"), CancellationToken.None));
        Assert.True(await bank.Rebuild.CancelAsync(other, OperatorAction.OfTheBank("a test"), CancellationToken.None));
        await bank.ForgeAsync($"drop domain {taken}");
    }

    [Fact]
    public async Task An_unknown_name_a_missing_reason_and_an_unknown_parameter_are_refused()
    {
        Assert.Equal((404, "projection_not_found"), StatusAndCode(await _operator.PostAsync("/ops/projections/nothing/candidate", Why)));
        Assert.Equal((404, "projection_not_found"), StatusAndCode(await _operator.GetAsync("/ops/projections/nothing/candidate")));
        Assert.Equal((404, "no_candidate"), StatusAndCode(await _operator.GetAsync("/ops/projections/ledger/candidate")));
        Assert.Equal((422, "reason_required"), StatusAndCode(await _operator.PostAsync(Candidate, new { reasonCode = "trial" })));
        Assert.Equal((400, "unknown_parameter"), StatusAndCode(await _operator.GetAsync($"{Candidate}?page=2")));
        Assert.Equal((400, "reason_required"), StatusAndCode(await _operator.SendAsync(HttpMethod.Delete, Candidate, null)));
    }

    /// <summary>Forges both rows of one account, and the last of another.</summary>
    private async Task<string[]> ForgeAsync()
    {
        string[] accounts = [await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync(balance: "10.00")];
        await bank.CaughtUpAsync();
        var active = await bank.ActiveAsync("probe", "seen", "probe");
        await bank.ExecuteAsync(
            $"update {active} set mark = 'forged' where stream = $1 or position = (select max(position) from {active} where stream = $2)",
            Id(accounts[0]), Id(accounts[1]));
        return accounts;
    }

    private async Task<JsonElement> BuildAsync()
    {
        var requested = await _operator.PostAsync(Candidate, Why);
        requested.Is(HttpStatusCode.Accepted);
        Assert.Equal(Candidate, requested.Header("Location"));
        return await Eventually.UntilAsync(
            async () => (await _operator.GetAsync(Candidate)).Ok().Json, c => State(c) != "building");
    }

    private Task<List<string>> TablesAsync() => bank.QueryAsync<string>("select tablename::text from pg_tables where schemaname = 'probe'");

    /// <summary>A cursor of the list that the list did not give.</summary>
    private static string Forged(string place) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(
        Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(Candidate + "?")))[..8] + place));

    private static string? State(JsonElement view) => view.GetProperty("candidate").GetProperty("state").GetString();

    private Task<Answer> DropAsync() =>
        _operator.SendAsync(HttpMethod.Delete, $"{Candidate}?reasonCode=trial&reason=It%20was%20only%20looked%20at.", null);

    private static Guid Id(string account) => PublicId.TryParse("acc", account, out var id) ? id : throw new FormatException(account);

    private static (int, string) StatusAndCode(Answer answer) => (answer.StatusCode, answer.Code);
}
