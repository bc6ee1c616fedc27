using Banking.Testing;

namespace Banking.Operations.Tests.Archive;

/// <summary>A bank with an archive that carries the state of an account forward after every five events.</summary>
public sealed class CarryingArchivedBank : ArchivedBank
{
    protected override string[] Place => [.. base.Place, "--Banking:CarryForward:Events", "5"];
}

/// <summary>What lies before the last event that carries an account's state is archived, and the account takes further commands.</summary>
public sealed class CarriedArchiveTests(CarryingArchivedBank bank) : IClassFixture<CarryingArchivedBank>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task The_older_part_of_an_open_account_is_archived_again_and_again_and_the_account_continues()
    {
        var account = await _teller.OpenAsync(balance: "100.00");
        await BookUntilCarriedAsync(account, 1);
        await bank.RemoveAsync();
        var part = Assert.Single(await PartsAsync(account));
        Assert.Equal((1, true), (part.First, part.Last >= 5));
        await BookUntilCarriedAsync(account, 2);

        await bank.RemoveAsync();

        var parts = await PartsAsync(account);
        Assert.Equal(2, parts.Count);
        Assert.Equal(parts[0].Last + 1, parts[1].First);
        await bank.ForgeAsync("delete from accounts.mt_doc_account");
        var versions = (await _teller.GetAsync($"/v1/accounts/{account}/events?limit=500")).Ok().Items();
        Assert.Equal(Enumerable.Range(1, versions.Count), versions.Select(e => e.GetProperty("version").GetInt32()));
        Assert.Contains(versions, e => e.TryGetProperty("archived", out _));
        Assert.Equal($"{100 + versions.Count(e => Type(e) == "accounts.money-deposited.v3") - 1}.00", await _teller.BalanceAsync(account));
        (await _teller.PostAsync("/v1/withdrawals", new
        {
            accountId = account,
            amount = new { value = "1.00", currency = "EUR" },
            reason = "test",
            effectiveAt = bank.Clock.Now.AddDays(-1),
        })).Created();
        var oldest = (await _teller.GetAsync($"/v1/accounts/{account}/entries?limit=500")).Ok().Items()[^1].GetProperty("id").GetString();
        (await _teller.PostAsync(
            $"/v1/transactions/{oldest}/corrections", new { kind = "reversal", reasonCode = "test", reason = "test" })).Created();
        (await bank.As("operator").PostAsync("/ops/projections/entries/repair", new { reasonCode = "drill", reason = "States" })).Ok();
        Assert.Empty(await bank.DifferencesAsync());
    }

    [Fact]
    public async Task Changes_explanations_mistakes_statements_and_simulations_are_the_same_when_the_events_are_in_files()
    {
        var opened = bank.Clock.Now.AddDays(-40);
        var (account, other) = (await _teller.OpenAsync(effectiveAt: opened), await _teller.OpenAsync());
        await BookAsync(account, "7.77", opened.AddDays(1));
        (await _teller.TransferAsync(account, other, "2.00")).Created();
        (await _teller.PostAsync(
            $"/v1/accounts/{account}/overdraft-limit", new { limit = "5.00", reasonCode = "ok", reason = "Asked for" })).Ok();
        (await _teller.WithdrawAsync(account, "999.00")).Is(System.Net.HttpStatusCode.UnprocessableEntity);
        var first = (await _teller.GetAsync($"/v1/accounts/{account}/entries?limit=1")).Ok().Items()[0].GetProperty("id").GetString()!;
        await CorrectAsync(first, new { kind = "amount", amount = Eur("8.00"), reasonCode = "typo", reason = "A typing error" });
        var (from, to) = ($"{opened:yyyy-MM-dd}", $"{opened.AddDays(30):yyyy-MM-dd}");
        var statement = (await _teller.PostAsync($"/v1/accounts/{account}/statements", new { from, to })).Created().Text("id");
        await BookUntilCarriedAsync(account, 2);
        var questions = await QuestionsAsync(account, first, statement, opened);
        var before = new List<string>();
        foreach (var question in questions)
        {
            before.Add(await AnsweredAsync(question));
        }

        await bank.RemoveAsync();

        Assert.True(Assert.Single(await PartsAsync(account)).Last > 5);
        foreach (var (question, answer) in questions.Zip(before))
        {
            Assert.Equal(question + answer, question + await AnsweredAsync(question));
        }

        var omitted = await SimulatedAsync(new { accounts = new[] { account }, changes = new[] { new { omit = first } } });
        Assert.Contains("8.00", omitted, StringComparison.Ordinal);
        await BookAsync(account, "0.50", opened.AddDays(2));
        var restated = (await _teller.PostAsync($"/v1/accounts/{account}/statements", new { from, to })).Created();
        Assert.Equal(statement, restated.Text("supersedes"));
        Assert.Empty(await bank.DifferencesAsync());
    }

    /// <summary>Questions of which the answers need events of all ages.</summary>
    private async Task<IReadOnlyList<string>> QuestionsAsync(string account, string first, string statement, DateTimeOffset opened)
    {
        var versions = (await _teller.GetAsync($"/v1/accounts/{account}/events?limit=500")).Ok().Items().Count;
        var (past, now) = (Uri.EscapeDataString($"{opened.AddDays(3):O}"), Uri.EscapeDataString($"{bank.Clock.Now:O}"));
        return
        [
            .. Enumerable.Range(1, versions).SelectMany(v => new[]
            {
                $"/v1/accounts/{account}?version={v}", $"/v1/accounts/{account}/balance?version={v}",
                $"/v1/accounts/{account}/balance/explain?version={v}",
            }),
            $"/v1/accounts/{account}?effectiveAt={past}&knownAt={now}",
            $"/v1/accounts/{account}/changes?limit=500&to={now}",
            $"/v1/accounts/{account}/changes?limit=500&from={past}&to={now}",
            $"/v1/accounts/{account}/changes?limit=500&axis=effective&to={now}&knownAt={now}",
            $"/v1/accounts/{account}/changes?limit=500&axis=effective&from={past}&to={now}&knownAt={now}",
            $"/v1/accounts/{account}/balance/explain?effectiveAt={now}&knownAt={now}",
            $"/v1/accounts/{account}/balance/explain/movements?limit=500&effectiveAt={now}&knownAt={now}&reason=typing",
            $"/v1/accounts/{account}/balance/mistakes?effectiveAt={now}&knownAt={now}&expected=0.23",
            $"/v1/accounts/{account}/balance/mistakes?statement={statement}&expected=0.00",
            $"/v1/accounts/{account}/entries?limit=500&knownAt={now}",
            $"/v1/statements/{statement}",
            $"/v1/statements/{statement}.camt",
            $"/v1/transactions/{first}",
            "/v1/ledger/accounts/customer-deposits/explain?currency=EUR",
            "/v1/ledger/accounts/customer-deposits/mistakes?currency=EUR&expected=0.00",
            """{"accounts":["ACCOUNT"]}""".Replace("ACCOUNT", account, StringComparison.Ordinal),
            """{"accounts":["ACCOUNT"],"overdraftLimit":{"value":"5000.00","currency":"EUR"}}"""
                .Replace("ACCOUNT", account, StringComparison.Ordinal),
        ];
    }

    private async Task<string> AnsweredAsync(string question) => question[0] == '{'
        ? await SimulatedAsync(System.Text.Json.JsonDocument.Parse(question).RootElement)
        : ArchivedBank.Comparable(await bank.As("auditor").GetAsync(question));

    /// <summary>The answer of a simulation, without its times and id.</summary>
    private async Task<string> SimulatedAsync(object request)
    {
        var started = await _teller.PostAsync("/v1/simulations", request);
        Assert.True(started.StatusCode == 202, started.Body);
        var ended = await Eventually.UntilAsync(
            async () => (await _teller.GetAsync(started.Header("Location")!)).Ok(), a => a.Text("state") is not "running");
        Assert.Equal("finished", ended.Text("state"));
        return System.Text.RegularExpressions.Regex.Replace(
            ended.Json.GetProperty("result").ToString(), "\"(asOf|seconds)\":[^,}]*", "");
    }

    private async Task BookAsync(string accountId, string value, DateTimeOffset effectiveAt) => (await _teller.PostAsync(
        "/v1/deposits", new { accountId, amount = Eur(value), reason = "test", effectiveAt })).Created();

    private async Task CorrectAsync(string transaction, object body) =>
        (await _teller.PostAsync($"/v1/transactions/{transaction}/corrections", body)).Created();

    private static object Eur(string value) => new { value, currency = "EUR" };

    private static string? Type(System.Text.Json.JsonElement e) => e.GetProperty("type").GetString();

    private async Task BookUntilCarriedAsync(string account, int times)
    {
        var stream = Guid.ParseExact(account[4..], "N");
        var carried = "select count(*) from bank.mt_events where type = 'accounts.account-carried-forward.v1' and stream_id = $1";
        while ((await bank.QueryAsync<long>(carried, stream))[0] < times)
        {
            (await _teller.DepositAsync(account, "1.00")).Created();
        }

        bank.Clock.Advance(TimeSpan.FromDays(1));
        await bank.CaughtUpAsync();
        await bank.DocumentsCurrentAsync();
    }

    private async Task<List<(long First, long Last)>> PartsAsync(string account)
    {
        var stream = Guid.ParseExact(account[4..], "N");
        var bounds = await bank.QueryAsync<long[]>(
            "select array[first_version, last_version] from platform.archive_part where stream = $1 order by 1", stream);
        return [.. bounds.Select(b => (b[0], b[1]))];
    }
}
