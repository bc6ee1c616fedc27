using System.Globalization;
using Banking.Testing;

namespace Banking.Publishing.Tests;

/// <summary>The feed with a filter: pages and streams hold the events that it takes, and idle streams cost nothing.</summary>
public sealed class FeedFilterTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private const string Deposited = "banking.account.money-deposited.v1";
    private const string Opened = "banking.account.account-opened.v1";
    private const int Streams = 60;

    private readonly BankClient _teller = bank.As("teller");
    private readonly BankClient _auditor = bank.As("auditor");
    private readonly Feed _feed = new(bank);

    [Fact]
    public async Task Pages_hold_the_events_that_the_filter_takes_and_a_cursor_past_all_others()
    {
        string[] accounts = [await _teller.OpenAsync(balance: "1.00"), await _teller.OpenAsync(balance: "2.00"), await _teller.OpenAsync()];
        (await _teller.WithdrawAsync(accounts[0], "1.00")).Created();
        var end = await _feed.CompleteAsync();

        Assert.Equal([$"{Opened} {accounts[0]}", $"{Deposited} {accounts[0]}"], (await AllAsync($"accounts={accounts[0]}")).Take(2));
        Assert.Equal(
            [$"{Deposited} {accounts[0]}", $"{Deposited} {accounts[1]}"],
            await AllAsync($"types={Deposited}&accounts={accounts[2]},{accounts[0]},{accounts[1]}"));
        var nothing = (await _auditor.GetAsync($"/v1/feed?types={Deposited}&accounts={accounts[2]}&after={end - 3}")).Ok();
        Assert.Equal((0, $"{end}"), (nothing.Items().Count, nothing.NextCursor()));
    }

    [Theory]
    [InlineData("types=")]
    [InlineData("types=banking.nothing.v1")]
    [InlineData("types=banking.account.money-deposited.v1,")]
    [InlineData("accounts=")]
    [InlineData("accounts=DE89370400440532013000")]
    [InlineData("accounts=acc_1")]
    public async Task A_filter_that_takes_nothing_that_exists_is_refused(string query)
    {
        foreach (var accept in (string[])["application/json", "text/event-stream"])
        {
            (await _auditor.GetAsync("/v1/feed?" + query, ("Accept", accept))).IsProblem(400, "malformed_filter");
        }
    }

    [Fact]
    public async Task Idle_streams_read_nothing_and_an_event_comes_to_those_that_take_it()
    {
        string[] accounts = [await _teller.OpenAsync(), await _teller.OpenAsync(), await _teller.OpenAsync()];
        var end = await _feed.CompleteAsync();
        var streams = await Task.WhenAll(
            Enumerable.Range(0, Streams).Select(i => Following.StartAsync(bank, $"?after={end}&accounts={accounts[i % 2]}")));
        using var statements = new Statements(bank.ConnectionString);

        for (var i = 0; i < 5; i++)
        {
            (await _teller.DepositAsync(accounts[2], "1.00")).Created();
        }

        var last = (await _teller.DepositAsync(accounts[0], "2.00")).Created().Header("Ledger-Position")!;

        await Eventually.UntilAsync(() => streams.Count(s => s.Heard.Count > 0), n => n == Streams / 2);
        Assert.All(streams, (s, i) => Assert.Equal(i % 2 == 0 ? [last] : [], s.Heard.Select(e => e.EventId!.Split(':')[1])));
        // Read models and publishers read pages too.
        Assert.InRange(statements.With("select data, id, stream_id").Count, 1, Streams / 2);
        foreach (var stream in streams)
        {
            await stream.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_client_that_does_not_read_delays_no_other()
    {
        var account = await _teller.OpenAsync();
        var end = await _feed.CompleteAsync();
        using var slow = bank.Host.Server.CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/feed?after={end}");
        request.Headers.Authorization = new("Bearer", bank.Token("auditor"));
        request.Headers.Accept.ParseAdd("text/event-stream");
        using var unread = await slow.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using var other = await Following.StartAsync(bank, $"?after={end}");

        for (var batch = 0; batch < 3; batch++)
        {
            await DepositManyAsync(account, 600);
        }

        await Eventually.UntilAsync(() => other.Heard.Count, n => n == 1_800);
        Assert.Equal((await _feed.AllAsync($"{end}")).Select(e => e.Text("id")), other.Ids);
    }

    private async Task<IReadOnlyList<string>> AllAsync(string filter)
    {
        var found = new List<string>();
        var (after, next) = ("", "0");
        while (next != after)
        {
            after = next;
            var page = (await _auditor.GetAsync($"/v1/feed?after={after}&limit=1&{filter}")).Ok();
            found.AddRange(page.Items().Select(e => $"{e.Text("type")} {e.Text("subject")}"));
            next = page.NextCursor()!;
        }

        return found;
    }

    private async Task DepositManyAsync(string account, int count)
    {
        var items = Enumerable.Range(0, count).Select(_ => new
        {
            idempotencyKey = BankClient.NewKey(),
            command = new { accountId = account, amount = new { value = "1.00", currency = "EUR" }, reason = "test" },
        });
        var answer = (await _teller.PostAsync("/v1/deposits/batch", new { mode = "independent", items })).Ok();
        Assert.Equal(count.ToString(CultureInfo.InvariantCulture), answer.Text("accepted"));
    }
}
