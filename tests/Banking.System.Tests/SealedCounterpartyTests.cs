using System.Globalization;
using Banking.Accounts.Contracts;
using Banking.Commands.Receipts;
using Banking.Host.Security;
using Banking.ReadModels.Verifying;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Wolverine;

namespace Banking.System.Tests;

/// <summary>The counterparty of a movement is sealed wherever it is stored, and is shown as it always was (docs/decisions/0085).</summary>
public sealed class SealedCounterpartyTests : IAsyncLifetime
{
    private const string Bank = "Quixbank";
    private const string Party = "Zebranogirokonto";
    private const string Shown = $$"""{"bank":"{{Bank}}","account":"{{Party}}"}""";

    private readonly BankFixture _bank = new();
    private BankClient _teller = null!;

    public async ValueTask InitializeAsync()
    {
        await _bank.InitializeAsync();
        _teller = _bank.As("teller");
    }

    public async ValueTask DisposeAsync() => await _bank.DisposeAsync();

    [Fact]
    public async Task A_dump_shows_no_counterparty_of_any_command_and_its_answers_do()
    {
        var account = await _teller.OpenAsync();
        var deposit = (await _teller.PostAsync("/v1/deposits", Command(account, "50.00"))).Created().Text("id");
        var withdrawal = (await _teller.PostAsync("/v1/withdrawals", Command(account, "5.00"))).Created().Text("id");
        (await _teller.PostAsync("/v1/withdrawals", Command(account, "999.00"))).IsProblem(422, "insufficient_funds");
        var proposals = await ProposeAsync(account);
        await BatchAsync(account);
        var correction = new { kind = "amount", amount = Eur("60.00"), reasonCode = "typo", reason = "Typo" };
        (await _teller.PostAsync($"/v1/transactions/{deposit}/corrections", correction)).Created();
        Assert.True((await InvokeAsync(new DepositMoney(
            BankClient.NewKey(), account, new Money(1_00, Currency.Parse("EUR")), Reason: "bus", Counterparty: new(Bank, Party)))).Applied);
        var statement = await IssueAsync(account);
        await SimulateAsync(account, deposit);

        var dump = await DatabaseBackup.TextAsync(_bank.ConnectionString);
        Assert.Contains(PublicId.TryParse("acc", account, out var id) ? id.ToString() : "", dump, StringComparison.Ordinal);
        foreach (var word in (string[])[Bank, Party])
        {
            Assert.DoesNotContain(word, dump, StringComparison.OrdinalIgnoreCase);
        }

        await AssertShownAsync(_teller, $"/v1/deposits/{deposit}", 1);
        await AssertShownAsync(_teller, $"/v1/withdrawals/{withdrawal}", 1);
        await AssertShownAsync(_teller, $"/v1/accounts/{account}/entries", 7);
        await AssertShownAsync(_teller, $"/v1/accounts/{account}/events", 7);
        await AssertShownAsync(_teller, $"/v1/accounts/{account}/refusals", 1);
        await AssertShownAsync(_teller, "/v1/proposals", 3);
        await AssertShownAsync(_teller, $"/v1/proposals/{proposals[2]}", 1);
        await AssertShownAsync(_teller, "/v1/deposits", 4, isListed: true);
        await AssertShownAsync(_bank.As("auditor"), "/audit/events?limit=500", 7, isListed: true);
        foreach (var form in (string[])["json", "csv", "html", "camt", "mt940"])
        {
            var rendered = (await _teller.GetAsync($"/v1/statements/{statement}.{form}")).Ok().Body;
            Assert.Contains(Party, rendered.ReplaceLineEndings(""), StringComparison.OrdinalIgnoreCase);
        }

        var explained = (await _teller.GetAsync($"/v1/accounts/{account}/balance/explain")).Ok();
        Assert.Equal(
            [$"{Bank}:{Party}"],
            explained.Json.GetProperty("counterparties").EnumerateArray().Select(g => g.GetProperty("name").GetString()));
        Assert.Empty(await VerifyAsync());
    }

    [Fact]
    public async Task A_command_is_answered_without_its_counterparty_and_so_is_its_repeat()
    {
        var account = await _teller.OpenAsync();
        var key = ("Idempotency-Key", BankClient.NewKey());

        var first = (await _teller.PostAsync("/v1/deposits", Command(account, "5.00"), key)).Created();
        var again = (await _teller.PostAsync("/v1/deposits", Command(account, "5.00"), key)).Created();

        Assert.DoesNotContain("counterparty", first.Members());
        Assert.Equal(first.Body, again.Body);
        Assert.Equal("true", again.Header("Idempotency-Replayed"));
        (await _teller.PostAsync("/v1/deposits", Command(account, "5.00", account: "Other"), key)).IsProblem(422, "idempotency_key_reused");
        var shown = (await _teller.GetAsync($"/v1/deposits/{first.Text("id")}")).Ok();
        Assert.Equal(Shown, shown.Json.GetProperty("counterparty").GetRawText());
        // Apart from it the answer is the resource.
        Assert.Equal(first.Members(), shown.Members().Where(m => m != "counterparty"));
    }

    [Fact]
    public async Task Equal_counterparties_are_stored_as_equal_texts_and_others_are_not()
    {
        var account = await _teller.OpenAsync();
        foreach (var party in (string[])[Party, Party, "Other"])
        {
            (await _teller.PostAsync("/v1/deposits", Command(account, "5.00", party))).Created();
        }

        await using var texts = _bank.Database.CreateCommand(
            "select data -> 'details' ->> 'counterparty' from bank.mt_events "
                + "where stream_id = $1 and type like '%deposited%' order by version");
        texts.Parameters.Add(new() { Value = Stream(account) });
        var stored = new List<string>();
        await using var reader = await texts.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
        {
            stored.Add(reader.GetString(0));
        }

        Assert.Equal(stored[0], stored[1]);
        Assert.NotEqual(stored[0], stored[2]);
    }

    [Fact]
    public async Task A_damaged_counterparty_is_an_error_where_it_is_shown_and_nowhere_else_and_verify_names_its_event()
    {
        var teller = _teller;
        var account = await teller.OpenAsync(balance: "1.00");
        var deposit = (await teller.PostAsync("/v1/deposits", Command(account, "5.00"))).Created().Text("id");
        // The id of its key stays, and all behind it is one character shorter.
        await using (var forgery = _bank.Owner.CreateCommand(
            """
            update bank.mt_events set data = jsonb_set(
                data, '{details,counterparty}', to_jsonb(left(data -> 'details' ->> 'counterparty', -2) || 'A'))
            where data -> 'details' ? 'counterparty'
            """))
        {
            Assert.Equal(1, await forgery.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        }

        foreach (var path in (string[])[$"/v1/deposits/{deposit}", $"/v1/accounts/{account}/entries", $"/v1/accounts/{account}/events"])
        {
            var answer = await teller.GetAsync(path);
            Assert.Equal((503, "event_unreadable"), (answer.StatusCode, answer.Code));
        }

        (await _bank.As("auditor").GetAsync("/audit/events")).Ok();
        (await teller.WithdrawAsync(account, "1.00")).Created();
        Assert.Equal("5.00", await teller.BalanceAsync(account));
        var reversal = new { kind = "reversal", reasonCode = "typo", reason = "Typo" };
        (await teller.PostAsync($"/v1/transactions/{deposit}/corrections", reversal)).Created();
        var found = (await _bank.Host.Services.GetRequiredService<Verification>().RunAsync(
            Guid.Empty, null, _ => { }, TestContext.Current.CancellationToken)).Differences;
        Assert.Equal(
            [("log", "{\"version\":3}"), ("log", "{\"version\":5}")],
            found.Where(d => d.Expected!.Contains("text key", StringComparison.Ordinal)).Select(d => (d.Model, d.Found!)));
    }

    /// <param name="isListed">Whether the answer is read from a book, which may be behind.</param>
    private async Task AssertShownAsync(BankClient caller, string path, int times, bool isListed = false)
    {
        var answer = (isListed ? await caller.GetCurrentAsync(path, await _bank.LastAsync()) : await caller.GetAsync(path)).Ok().Body;
        Assert.True(answer.Split(Shown).Length - 1 == times, $"{path} shows it otherwise than {times} times: {answer}");
    }

    /// <summary>Proposes deposits, and approves one and rejects another.</summary>
    private async Task<IReadOnlyList<string>> ProposeAsync(string account)
    {
        var (made, ada, bob) = (new List<string>(), Person("ada"), Person("bob"));
        for (var i = 0; i < 3; i++)
        {
            var proposed = await ada.PostAsync("/v1/deposits?propose=true", Command(account, "7.00"));
            Assert.Equal(202, proposed.StatusCode);
            made.Add(proposed.Text("id"));
        }

        var hash = (await bob.GetAsync($"/v1/proposals/{made[0]}")).Ok().Text("commandHash");
        var approved = (await bob.PostAsync($"/v1/proposals/{made[0]}/approve", new { commandHash = hash })).Ok();
        Assert.Equal("executed", approved.Text("status"));
        Assert.DoesNotContain(Party, approved.Body, StringComparison.Ordinal);
        (await bob.PostAsync($"/v1/proposals/{made[1]}/reject", new { reasonCode = "test", reason = "Test" })).Ok();
        return made;
    }

    private async Task BatchAsync(string account)
    {
        var items = new[] { new { idempotencyKey = BankClient.NewKey(), command = Command(account, "8.00") } };
        var answer = (await _teller.PostAsync("/v1/deposits/batch", new { mode = "independent", items })).Ok();
        Assert.Equal("1", answer.Text("accepted"));
        Assert.DoesNotContain(Party, answer.Body, StringComparison.Ordinal);
    }

    private async Task<string> IssueAsync(string account)
    {
        var day = DateOnly.FromDateTime(_bank.Clock.Now.UtcDateTime);
        _bank.Clock.Advance(TimeSpan.FromDays(1));
        return (await _teller.PostAsync($"/v1/accounts/{account}/statements", new { from = Day(day), to = Day(day.AddDays(1)) }))
            .Created().Text("id");
    }

    private async Task SimulateAsync(string account, string deposit)
    {
        var started = await Eventually.UntilAsync(
            () => _teller.PostAsync("/v1/simulations", new { accounts = new[] { account }, changes = new[] { new { omit = deposit } } }),
            a => a.StatusCode != 503);
        await Eventually.UntilAsync(
            () => _teller.GetAsync($"/v1/simulations/{started.Text("id")}"), a => a.Ok().Text("state") == "finished");
    }

    private async Task<CommandReply> InvokeAsync(object command)
    {
        await using var scope = _bank.Host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<IMessageBus>().InvokeAsync<CommandReply>(command);
    }

    private async Task<IReadOnlyList<object>> VerifyAsync() => (await _bank.Host.Services.GetRequiredService<Verification>().RunAsync(
        Guid.Empty, null, _ => { }, TestContext.Current.CancellationToken)).Differences;

    private BankClient Person(string subject) => _bank.WithToken(
        _bank.Host.Services.GetRequiredService<DevTokens>().Issue("teller", null, subject, TimeProvider.System.GetUtcNow()));

    private static Guid Stream(string account) =>
        PublicId.TryParse("acc", account, out var id) ? id : throw new FormatException(account);

    private static object Command(string accountId, string value, string account = Party) => new
    {
        accountId,
        amount = Eur(value),
        reason = "test",
        counterparty = new { bank = Bank, account },
    };

    private static object Eur(string value) => new { value, currency = "EUR" };

    private static string Day(DateOnly day) => day.ToString("O", CultureInfo.InvariantCulture);
}
