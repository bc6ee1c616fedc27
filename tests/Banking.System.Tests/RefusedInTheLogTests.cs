using System.Text.Json;
using Banking.Accounts.Contracts;
using Banking.Commands.Receipts;
using Banking.ReadModels.Verifying;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Wolverine;

namespace Banking.System.Tests;

/// <summary>
/// A refusal is an event in a stream of its own: the log has actor, command and code of every refusal, and refused transfers are
/// published.
/// </summary>
public sealed class RefusedInTheLogTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private const string Stored = "platform.command-refused.v1";
    private const string Published = "banking.account.transfer-refused.v1";

    private readonly BankClient _teller = bank.As("teller");
    private readonly BankClient _auditor = bank.As("auditor");

    [Fact]
    public async Task A_refused_transfer_is_one_event_in_its_own_stream_and_changes_no_account()
    {
        var (payer, payee) = (await _teller.OpenAsync(balance: "1.00"), await _teller.OpenAsync());
        (string, string)[] headers = [("Idempotency-Key", "once"), ("X-Correlation-ID", "rent")];
        var before = await bank.RowsAsync();

        var no = await PayAsync(payer, payee, headers);

        no.IsProblem(422, "insufficient_funds");
        Assert.Null(no.Header("Ledger-Position"));
        var refusal = Assert.Single((await _teller.GetAsync($"/v1/accounts/{payer}/refusals")).Ok().Items());
        var item = Assert.Single(await EventsAsync($"type={Stored}&correlationId=rent"));
        Assert.Equal(
            (refusal.GetProperty("id").GetString()!, 1, "dev-teller", "teller", "http", "POST /v1/transfers", "once",
                bank.Clock.Now),
            (Text(item, "streamId"), item.GetProperty("version").GetInt32(), Text(item, "actor"), Text(item, "role"), Text(item, "channel"),
                Text(item, "operation"), Text(item, "idempotencyKey"), item.Time("recordedAt")));
        Assert.Equal("The rent", item.GetProperty("reason").GetProperty("text").GetString());
        var data = item.GetProperty("data");
        Assert.Equal(["code", "subject", "operation", "effectiveAt", "subjectVersion"], data.EnumerateObject().Select(m => m.Name));
        Assert.Equal(
            (payer, 2, "insufficient_funds"),
            (Text(data, "subject"), data.GetProperty("subjectVersion").GetInt32(), Text(data, "code")));
        Assert.Equal("\"2\"", (await _teller.GetAsync($"/v1/accounts/{payer}")).Header("ETag"));
        Assert.Equal(2, (await _teller.GetAsync($"/v1/accounts/{payer}/events")).Ok().Items().Count);
        Assert.Equal(
            1,
            await bank.CountAsync(
                "bank.mt_streams where type = 'refusal' and version = 1 and id = $1",
                Guid.Parse(Text(item, "streamId")!["ref_".Length..])));

        // A repeat gets the same answer and stores nothing.
        var after = await bank.RowsAsync();
        Assert.NotEqual(before, after);
        var again = await PayAsync(payer, payee, headers);
        Assert.Equal((no.Body, null), (again.Body, again.Header("Ledger-Position")));
        Assert.Equal(after, await bank.RowsAsync());
        var named = Guid.Parse(Text(item, "streamId")!["ref_".Length..]);
        Assert.Equal(
            1,
            await bank.CountAsync(
                "platform.receipt join platform.receipt_answer a using (id) where a.body = $1 and event_id = $2", no.Body, named));
    }

    [Fact]
    public async Task Refused_transfers_over_every_channel_are_published_and_no_other_refusals()
    {
        var (payer, payee) = (await _teller.OpenAsync(balance: "7.77"), await _teller.OpenAsync());
        (await _teller.DepositAsync(payer, "1.00")).Created();

        await RefuseTransfersAsync(payer, payee);
        (await _teller.WithdrawAsync(payer, "99.00")).IsProblem(422, "insufficient_funds");
        (await _teller.DepositAsync(payer, "1.00", "USD")).IsProblem(422, "currency_mismatch");
        (await _teller.TransferAsync(payer, payee, "1.00")).Created();

        var published = (await FeedAsync()).Where(e => Text(e, "subject") == payer).ToList();
        Assert.Equal(
            [
                "account-opened",
                "money-deposited",
                "money-deposited",
                "transfer-refused",
                "transfer-refused",
                "transfer-refused",
                "transfer-sent",
            ],
            published.Select(e => Text(e, "type")!.Split('.')[2]));
        var refused = published.Where(e => Text(e, "type") == Published).ToList();
        Assert.Equal(
            ["insufficient_funds", "same_account", "insufficient_funds"], refused.Select(e => Text(e.GetProperty("data"), "code")));
        var known = (await _teller.GetAsync($"/v1/accounts/{payer}/refusals")).Ok().Items().Select(r => Text(r, "id")).ToList();
        Assert.Equal(5, known.Count);
        Assert.All(refused, e =>
        {
            Assert.False(e.TryGetProperty("streamversion", out _) || e.TryGetProperty("previousversion", out _));
            Assert.Equal(payer, Text(e, "partitionkey"));
            Assert.Equal(["refusalId", "code", "effectiveAt"], e.GetProperty("data").EnumerateObject().Select(m => m.Name));
            Assert.Contains(Text(e.GetProperty("data"), "refusalId"), known);
            Assert.DoesNotContain("8.77", e.GetRawText(), StringComparison.Ordinal);
        });

        // The account's published events have no gap, and the refusal's stream is not published as an account.
        var last = published[^1];
        Assert.Equal((4, 3), (last.GetProperty("streamversion").GetInt32(), last.GetProperty("previousversion").GetInt32()));
        Assert.Equal(4, (await CompletenessAsync(payer)).GetProperty("events").GetInt32());
        Assert.Equal(0, (await CompletenessAsync("acc_" + known[0]!["ref_".Length..])).GetProperty("events").GetInt32());
    }

    [Fact]
    public async Task A_rejected_command_stores_nothing_in_the_log()
    {
        var (payer, payee) = (await _teller.OpenAsync(balance: "1.00"), await _teller.OpenAsync());
        var before = await bank.RowsAsync();

        (await PayAsync(payer, "acc_0198f000000070008000000000000001")).IsProblem(404, "account_not_found");
        (await PayAsync(payer, payee, ("If-Match", "\"1\""))).IsProblem(412, "version_mismatch");
        (await _teller.TransferAsync(payer, payee, "1.001")).IsProblem(422, "invalid_amount");

        Assert.Equal(before, await bank.RowsAsync());
    }

    [Fact]
    public async Task A_refusals_id_is_not_found_as_an_account_or_transfer()
    {
        var (payer, payee) = (await _teller.OpenAsync(balance: "1.00"), await _teller.OpenAsync());
        (await PayAsync(payer, payee)).IsProblem(422, "insufficient_funds");
        var id = Text((await _teller.GetAsync($"/v1/accounts/{payer}/refusals")).Ok().Items()[0], "id")!["ref_".Length..];

        (await _teller.GetAsync("/v1/transfers/trf_" + id)).IsProblem(404, "movement_not_found");
        (await _teller.GetAsync("/v1/accounts/acc_" + id)).IsProblem(404, "account_not_found");
        (await _teller.DepositAsync("acc_" + id, "1.00")).IsProblem(404, "account_not_found");
    }

    [Fact]
    public async Task With_refusals_in_the_log_every_read_model_equals_the_log()
    {
        var (payer, payee) = (await _teller.OpenAsync(balance: "5.00"), await _teller.OpenAsync());
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => _teller.TransferAsync(payer, payee, "1.00")));
        // A batch keeps the refusal of one item and leaves its key free; the key is used when there is more money.
        var batch = new { mode = "atomic", items = new[] { Item(payer, payee, "4.00"), Item(payer, payee, "4.00") } };
        (await _teller.DepositAsync(payer, "5.00")).Created();
        (await _teller.PostAsync("/v1/transfers/batch", batch)).IsProblem(422, "batch_not_done");
        (await _teller.DepositAsync(payer, "5.00")).Created();
        (await _teller.PostAsync("/v1/transfers/batch", batch)).Ok();
        await EventsAsync("limit=1");

        var verified = await bank
            .Host.Services.GetRequiredService<Verification>()
            .RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None);
        Assert.Empty(verified.Differences);
        Assert.Equal(await bank.CountAsync("platform.mt_doc_refusal"), verified.Streams["refusal"]);
        var sentinel = bank.Host.Services.GetRequiredService<Sentinel>();
        await sentinel.RunAsync(CancellationToken.None);
        Assert.Equal((0L, 0), (sentinel.Status.Drift, sentinel.Status.Open.Count));
    }

    private static object Item(string payer, string payee, string amount) => new
    {
        idempotencyKey = BankClient.NewKey(),
        command = new { fromAccountId = payer, toAccountId = payee, amount = new { value = amount, currency = "EUR" }, reason = "test" },
    };

    /// <summary>Sends a transfer that is refused over HTTP, in a batch and on the bus.</summary>
    private async Task RefuseTransfersAsync(string payer, string payee)
    {
        (await PayAsync(payer, payee)).IsProblem(422, "insufficient_funds");
        var item = new
        {
            fromAccountId = payer,
            toAccountId = payer,
            amount = new { value = "1.00", currency = "EUR" },
            reason = "test",
        };
        (
            await _teller.PostAsync(
                "/v1/transfers/batch",
                new { mode = "independent", items = new[] { new { idempotencyKey = BankClient.NewKey(), command = item } } })).Ok();
        await using (var scope = bank.Host.Services.CreateAsyncScope())
        {
            var command = new TransferMoney(BankClient.NewKey(), payer, payee, new(99_00, Currency.Parse("EUR")), Reason: "test");
            Assert.Equal(422, (await scope.ServiceProvider.GetRequiredService<IMessageBus>().InvokeAsync<CommandReply>(command)).Status);
        }
    }

    private Task<Answer> PayAsync(string from, string to, params (string, string)[] headers) =>
        _teller.PostAsync(
            "/v1/transfers",
            new
            {
                fromAccountId = from,
                toAccountId = to,
                amount = new { value = "50.00", currency = "EUR" },
                reason = "The rent",
            },
            headers);

    /// <summary>Events of the audit trail, after it has caught up with the log.</summary>
    private async Task<IReadOnlyList<JsonElement>> EventsAsync(string query) =>
        (await _auditor.GetCurrentAsync("/audit/events?" + query, await bank.LastAsync())).Ok().Items();

    /// <summary>The whole feed, after the high-water mark has reached the end.</summary>
    private async Task<IReadOnlyList<JsonElement>> FeedAsync()
    {
        await EventsAsync("limit=1");
        return (await _auditor.GetAsync("/v1/feed?limit=1000")).Ok().Items();
    }

    private async Task<JsonElement> CompletenessAsync(string account) =>
        (await _auditor.GetAsync("/v1/feed/completeness?account=" + account)).Ok().Json;

    private static string? Text(JsonElement item, string member) => item.TryGetProperty(member, out var value) ? value.GetString() : null;
}
