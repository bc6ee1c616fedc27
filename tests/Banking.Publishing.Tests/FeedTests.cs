using System.Globalization;
using Banking.SharedKernel;
using Banking.Testing;

namespace Banking.Publishing.Tests;

/// <summary>The feed is the published log: a consumer that stores only its position misses no event and reads none twice.</summary>
public sealed class FeedTests(BankFixture bank, ITestOutputHelper output) : IClassFixture<BankFixture>
{
    private const int Rounds = 40;

    private readonly BankClient _teller = bank.As("teller");
    private readonly Feed _feed = new(bank);

    [Fact]
    public async Task Pages_of_any_size_from_anywhere_hold_every_event_once_in_the_order_of_the_log()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var accounts = new List<string> { await _teller.OpenAsync(), await _teller.OpenAsync(), await _teller.OpenAsync() };
        for (var i = 0; i < 4; i++)
        {
            await DepositManyAsync(accounts[random.Next(3)], random.Next(200, 500));
            // Adds events that are in the log but not published.
            await _teller.RegisterAsync();
        }

        var end = await _feed.CompleteAsync();
        var published = await bank.QueryAsync<long>("select seq_id from bank.mt_events where type like 'accounts.%' order by seq_id");
        for (var round = 0; round < Rounds; round++)
        {
            var limit = round switch
            {
                0 => 1_000,
                1 => 999,
                2 => 1,
                _ when round % 4 == 0 => random.Next(2, 8),
                _ => random.Next(1, 1_001),
            };
            // Close enough to the end that a few dozen pages reach it.
            var after = round < 2 ? 0 : random.NextInt64(Math.Max(0, end - (30L * limit)), end + 1);
            var read = new List<long>();
            var next = after.ToString(CultureInfo.InvariantCulture);
            FeedOf page;
            do
            {
                page = await _feed.PageAsync(next, limit);
                Assert.InRange(page.Items.Count, 0, limit);
                read.AddRange(page.Items.Select(e => e.Position()));
                next = page.Next;
            }
            while (page.Items.Count > 0);

            Assert.True(published.Where(p => p > after).SequenceEqual(read), $"after {after}, limit {limit}");
            Assert.Equal(Math.Max(after, end), long.Parse(next, CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public async Task A_page_that_is_not_full_is_the_last_and_its_cursor_continues_with_what_comes_later()
    {
        var account = await _teller.OpenAsync();
        await _feed.AllAsync();
        var end = (await _feed.CompleteAsync()).ToString(CultureInfo.InvariantCulture);
        var last = await _feed.PageAsync(end);
        Assert.Equal((0, end), (last.Items.Count, last.Next));

        var deposit = (await _teller.DepositAsync(account, "1.00")).Created().Text("id");

        var page = await Eventually.UntilAsync(() => _feed.PageAsync(last.Next), p => p.Items.Count > 0);
        Assert.Equal(deposit, Assert.Single(page.Items).GetProperty("data").Text("depositId"));
        Assert.Empty((await _feed.PageAsync(page.Next)).Items);
    }

    [Theory]
    [InlineData("after=-1", "malformed_position")]
    [InlineData("after=%2B1", "malformed_position")]
    [InlineData("after=1.5", "malformed_position")]
    [InlineData("after=0x10", "malformed_position")]
    [InlineData("after=evt_1", "malformed_position")]
    [InlineData("after=%201", "malformed_position")]
    [InlineData("after=", "malformed_position")]
    [InlineData("after=9223372036854775808", "malformed_position")]
    [InlineData("limit=0", "malformed_limit")]
    [InlineData("limit=1001", "malformed_limit")]
    [InlineData("limit=-1", "malformed_limit")]
    [InlineData("limit=many", "malformed_limit")]
    [InlineData("limit=", "malformed_limit")]
    public async Task What_is_no_position_or_no_limit_is_refused(string query, string code)
    {
        var answer = await bank.As("auditor").GetAsync("/v1/feed?" + query);

        answer.IsProblem(400, code);
        Assert.Equal("application/problem+json", answer.Header("Content-Type"));
        Assert.Contains(code == "malformed_limit" ? "1 to 1000" : "digits", answer.Text("detail"), StringComparison.Ordinal);
        (await bank.As("auditor").GetAsync("/v1/feed?" + query, ("Accept", "text/event-stream"))).IsProblem(400, code);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("somewhere")]
    public async Task A_Last_Event_ID_that_is_no_position_is_refused_where_it_counts(string id)
    {
        (await bank.As("auditor").GetAsync("/v1/feed?after=0", ("Accept", "text/event-stream"), ("Last-Event-ID", id))).IsProblem(
            400, "malformed_position");
        (await bank.As("auditor").GetAsync("/v1/feed?after=0", ("Last-Event-ID", id))).IsProblem(400, "malformed_position");
    }

    [Fact]
    public async Task The_address_of_a_reader_that_reconnects_is_read_though_its_header_counts()
    {
        await _teller.OpenAsync();
        await _teller.OpenAsync();
        var end = (await _feed.CompleteAsync()).ToString(CultureInfo.InvariantCulture);
        foreach (var accept in (string[])["application/json", "text/event-stream"])
        {
            Task<Answer> ReadAsync(string after) =>
                bank.As("auditor").GetAsync($"/v1/feed?after={after}", ("Accept", accept), ("Last-Event-ID", end));

            (await ReadAsync("somewhere")).IsProblem(400, "malformed_position");
            (await ReadAsync("")).IsProblem(400, "malformed_position");
            (await ReadAsync("999999999")).IsProblem(416, "position_beyond_end");
        }

        Assert.Equal(end, (await bank.As("auditor").GetAsync("/v1/feed?after=0", ("Last-Event-ID", end))).Ok().NextCursor());
    }

    [Theory]
    [InlineData("999999999")]
    [InlineData("9223372036854775807")]
    public async Task A_position_beyond_the_end_of_the_log_is_refused_with_the_end_however_it_is_named(string beyond)
    {
        await _teller.OpenAsync();
        var auditor = bank.As("auditor");
        Answer[] answers =
        [
            await auditor.GetAsync($"/v1/feed?after={beyond}"),
            await auditor.GetAsync($"/v1/feed?after={beyond}", ("Accept", "text/event-stream")),
            await auditor.GetAsync("/v1/feed?after=0", ("Accept", "text/event-stream"), ("Last-Event-ID", beyond)),
            await auditor.GetAsync("/v1/feed", ("Last-Event-ID", beyond)),
        ];

        var end = (await bank.QueryAsync<long>("select max(seq_id) from bank.mt_events"))[0];
        Assert.All(answers, answer =>
        {
            answer.IsProblem(416, "position_beyond_end");
            Assert.Equal((beyond, end), (answer.Text("position"), answer.Json.GetProperty("end").GetInt64()));
        });
    }

    [Fact]
    public async Task At_the_very_end_of_the_log_there_is_nothing_yet_and_one_further_is_refused()
    {
        await _teller.OpenAsync();
        var end = await _feed.CompleteAsync();

        Assert.Empty((await _feed.PageAsync(end.ToString(CultureInfo.InvariantCulture))).Items);
        (await bank.As("auditor").GetAsync($"/v1/feed?after={end + 1}")).IsProblem(416, "position_beyond_end");
    }

    [Fact]
    public async Task A_stream_has_no_limit_and_says_so() =>
        (await bank.As("auditor").GetAsync("/v1/feed?limit=10", ("Accept", "text/event-stream"))).IsProblem(400, "limit_of_a_stream");

    [Theory]
    [InlineData("/v1/feed")]
    [InlineData("/v1/feed/completeness?account=acc_00000000000000000000000001")]
    public async Task Operators_and_auditors_read_it_and_nobody_else(string path)
    {
        foreach (var role in (string[])["operator", "auditor"])
        {
            Assert.NotEqual(403, (await bank.As(role).GetAsync(path)).StatusCode);
        }

        foreach (var role in (string[])["teller", "customer"])
        {
            Assert.Equal(403, (await bank.As(role, role == "customer" ? await _teller.RegisterAsync() : null).GetAsync(path)).StatusCode);
        }

        Assert.Equal(401, (await bank.Anonymous().GetAsync(path)).StatusCode);
    }

    [Fact]
    public async Task Every_account_is_a_chain_and_completeness_says_what_the_feed_holds_of_it()
    {
        var (one, other) = (await _teller.OpenAsync(balance: "100.00"), await _teller.OpenAsync());
        (await _teller.TransferAsync(one, other, "1.00")).Created();
        (await _teller.WithdrawAsync(one, "1.00")).Created();
        // Refused: it creates no event and leaves no gap.
        Assert.Equal(422, (await _teller.WithdrawAsync(other, "1000.00")).StatusCode);
        await DepositManyAsync(other, 30);

        var accounts = (await _feed.AllAsync()).GroupBy(e => e.Text("subject")).ToDictionary(g => g.Key, g => g.ToList());

        Assert.Equal((4, 32), (accounts[one].Count, accounts[other].Count));
        foreach (var (account, events) in accounts)
        {
            Assert.Equal(Enumerable.Range(1, events.Count).Select(v => (long?)v), events.Select(e => e.Number("streamversion")));
            Assert.Equal(
                [null, .. Enumerable.Range(1, events.Count - 1).Select(v => (long?)v)], events.Select(e => e.Number("previousversion")));
            Assert.All(events, e => Assert.Equal(account, e.Text("partitionkey")));
            var complete = (await bank.As("auditor").GetAsync("/v1/feed/completeness?account=" + account)).Ok().Json;
            Assert.Equal(
                (1L, (long)events.Count, (long)events.Count),
                (complete.Number("first"), complete.Number("last"), complete.Number("events")));
            Assert.True(complete.Number("position") >= events[^1].Position());
        }
    }

    [Fact]
    public async Task Completeness_of_an_account_without_events_is_nothing_and_of_what_is_no_account_a_problem()
    {
        var nothing = (
            await bank.As("auditor").GetAsync("/v1/feed/completeness?account=" + PublicId.Format("acc", new Guid(1, 2, 3, new byte[8])))
        ).Ok();

        Assert.Equal(["account", "events", "position"], nothing.Members());
        Assert.Equal("0", nothing.Text("events"));
        foreach (
            var query in (string[])
                ["", "?account=", "?account=x", "?account=" + await _teller.RegisterAsync(), "?account=DE89370400440532013000"])
        {
            (await bank.As("auditor").GetAsync("/v1/feed/completeness" + query)).IsProblem(400, "malformed_account");
        }
    }

    private async Task DepositManyAsync(string account, int count)
    {
        var items = Enumerable
            .Range(0, count)
            .Select(_ => new
            {
                idempotencyKey = BankClient.NewKey(),
                command = new
                {
                    accountId = account,
                    amount = new { value = "1.00", currency = "EUR" },
                    reason = "test",
                },
            })
            .ToList();
        Assert.Equal(
            count,
            (await _teller.PostAsync("/v1/deposits/batch", new { mode = "independent", items }))
                .Ok()
                .Json.GetProperty("accepted")
                .GetInt32());
    }
}
