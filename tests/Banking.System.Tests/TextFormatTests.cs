using System.Globalization;
using Banking.SharedKernel;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>
/// Formats of keys, headers, times, numbers and names: equal meanings are treated as equal, and invalid formats are refused.
/// </summary>
public sealed class TextFormatTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    public static TheoryData<string, string, bool> Keys =>
        new()
        {
            { "in quotes", "\"{0}\"", true },
            { "with a parameter", "\"{0}\";a=1", true },
            { "with parameters", "\"{0}\"; a; b=?1;c=\"x;y\";d=tok/en;e=-1.5", true },
            { "with an invalid escape", "\"{0}\\x\"", false },
            { "without an end", "\"{0}", false },
            { "with text after the quotes", "\"{0}\"x", false },
            { "with a parameter in upper case", "\"{0}\";A=1", false },
            { "with an empty parameter", "\"{0}\";", false },
            { "twice", "\"{0}\", \"{0}\"", false },
        };

    [Theory]
    [MemberData(nameof(Keys))]
    public async Task A_key_is_a_string_or_token_of_RFC_8941(string name, string spelling, bool isSame)
    {
        var account = await _teller.OpenAsync();
        var key = BankClient.NewKey();
        (await _teller.DepositAsync(account, "1.00", "EUR", ("Idempotency-Key", key))).Created();

        var again = await _teller.DepositAsync(
            account, "1.00", "EUR", ("Idempotency-Key", spelling.Replace("{0}", key, StringComparison.Ordinal)));

        if (isSame)
        {
            Assert.Equal((name, "true"), (name, again.Created().Header("Idempotency-Replayed")));
        }
        else
        {
            again.IsProblem(400, "malformed_idempotency_key");
        }

        Assert.Equal("1.00", await _teller.BalanceAsync(account));
    }

    [Theory]
    [InlineData("/v1/accounts/{0}")]
    [InlineData("/v1/deposits/{0}")]
    [InlineData("/v1/refusals/{0}")]
    [InlineData("/v1/statements/{0}")]
    [InlineData("/v1/transactions/{0}")]
    [InlineData("/v1/simulations/{0}")]
    [InlineData("/ops/projections/{0}/rebuild")]
    public async Task What_a_caller_sent_is_repeated_in_plain_text_only(string path)
    {
        foreach (var text in (string[])["%E2%80%AE", "a%E2%80%AEb", "%EF%BB%BFa", "a%E2%80%8Bb"])
        {
            var answer = await bank.As("operator").GetAsync(path.Replace("{0}", text, StringComparison.Ordinal));

            Assert.Equal(404, answer.StatusCode);
            Assert.DoesNotContain(answer.Body, c => c is '\u202e' or '\ufeff' or '\u200b');
        }
    }

    [Fact]
    public async Task A_key_without_quotes_includes_its_parameters()
    {
        var account = await _teller.OpenAsync();
        var paid = 0;
        foreach (var key in (string[])["order7", "order7;part-a", "order7;part-b", "order7; a=1", "order7;a=1;b"])
        {
            var answer = (await _teller.DepositAsync(account, "1.00", "EUR", ("Idempotency-Key", key))).Created();
            paid++;
            Assert.Null(answer.Header("Idempotency-Replayed"));
            Assert.Equal($"{paid}.00", await _teller.BalanceAsync(account));
        }

        var again = (await _teller.DepositAsync(account, "1.00", "EUR", ("Idempotency-Key", "\"order7;part-a\";v=1"))).Created();
        Assert.Equal("true", again.Header("Idempotency-Replayed"));
    }

    [Fact]
    public async Task A_quote_and_a_backslash_in_a_key_are_escaped()
    {
        var account = await _teller.OpenAsync();
        var items = new[]
        {
            new
            {
                idempotencyKey = "say \"a\\b\" now",
                command = new
                {
                    accountId = account,
                    amount = new { value = "1.00", currency = "EUR" },
                    reason = "test",
                },
            },
        };
        (await _teller.PostAsync("/v1/deposits/batch", new { mode = "atomic", items })).Ok();

        var again = (await _teller.DepositAsync(account, "1.00", "EUR", ("Idempotency-Key", "\"say \\\"a\\\\b\\\" now\""))).Created();

        Assert.Equal("true", again.Header("Idempotency-Replayed"));
    }

    [Theory]
    [InlineData("\"order-1\";v=1", "\"order-1\";v=1")]
    [InlineData("order-2;v=1", "order-2;v=1")]
    public async Task A_key_that_an_earlier_version_read_differently_is_still_recognised(string header, string former)
    {
        var account = await _teller.OpenAsync();
        var answered = (await _teller.DepositAsync(account, "1.00")).Created();
        await bank.StoreAsync(
            answered, "dev-teller", "POST /v1/deposits", former,
            $$$"""{"accountId":"{{{account}}}","amount":{"value":"1.00","currency":"EUR"},"reason":"test"}""");

        var again = (await _teller.DepositAsync(account, "1.00", "EUR", ("Idempotency-Key", header))).Created();

        Assert.Equal((answered.Body, "true"), (again.Body, again.Header("Idempotency-Replayed")));
        Assert.Equal("1.00", await _teller.BalanceAsync(account));
    }

    [Fact]
    public async Task The_same_key_with_another_spelling_of_the_account_in_the_URL_is_a_repeat()
    {
        var account = await _teller.OpenAsync();
        var number = await NumberAsync(account);
        var key = ("Idempotency-Key", BankClient.NewKey());
        var why = new { reasonCode = "wish", reason = "A wish." };
        var closed = (await _teller.PostAsync($"/v1/accounts/{number}/close", why, key)).Ok();

        foreach (var spelling in (string[])[account, number.Value, number.Value.ToLowerInvariant(), Uri.EscapeDataString(number.Grouped)])
        {
            var again = (await _teller.PostAsync($"/v1/accounts/{spelling}/close", why, key)).Ok();
            Assert.Equal((closed.Body, "true"), (again.Body, again.Header("Idempotency-Replayed")));
        }

        (await _teller.PostAsync($"/v1/accounts/{account}/close", why)).IsProblem(409, "account_closed");
    }

    [Fact]
    public async Task The_same_key_with_another_spelling_of_an_account_in_the_body_is_a_repeat()
    {
        var (from, to) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync());
        var (payer, payee) = (await NumberAsync(from), await NumberAsync(to));
        var key = ("Idempotency-Key", BankClient.NewKey());
        var paid = (await _teller.TransferAsync(payer.Value, to, "1.00", "EUR", key)).Created();

        foreach (
            var (one, other) in ((string, string)[])
                [(from, to), (payer.Grouped, payee.Value), (from, payee.Value.ToLowerInvariant()), (payer.Value, to)])
        {
            var again = (await _teller.TransferAsync(one, other, "1.00", "EUR", key)).Created();
            Assert.Equal((paid.Body, "true"), (again.Body, again.Header("Idempotency-Replayed")));
        }

        (await _teller.TransferAsync(to, from, "1.00", "EUR", key)).IsProblem(422, "idempotency_key_reused");
        Assert.Equal("9.00", await _teller.BalanceAsync(from));
    }

    [Fact]
    public async Task The_same_key_with_another_spelling_of_the_number_of_a_new_account_is_a_repeat()
    {
        var (customer, number) = (await _teller.RegisterAsync(), AccountNumber.Create("XB", "SPELT0000001"));
        var (key, former) = (BankClient.NewKey(), BankClient.NewKey());
        var opened = (await OpenAsync(number.Grouped, key)).Created();
        await bank.StoreAsync(
            opened, "dev-teller", "POST /v1/accounts", former,
            $$"""{"customerId":"{{customer}}","currency":"EUR","number":"{{number.Grouped}}"}""");

        foreach (var (spelling, used) in ((string, string)[])
            [(number.Value, key), (number.Value.ToLowerInvariant(), key), (number.Grouped, key), (number.Grouped, former)])
        {
            var again = (await OpenAsync(spelling, used)).Created();
            Assert.Equal((opened.Body, "true"), (again.Body, again.Header("Idempotency-Replayed")));
        }

        (await OpenAsync(AccountNumber.Create("XB", "SPELT0000002").Value, key)).IsProblem(422, "idempotency_key_reused");

        Task<Answer> OpenAsync(string spelling, string used) => _teller.PostAsync(
            "/v1/accounts", new { customerId = customer, currency = "EUR", number = spelling }, ("Idempotency-Key", used));
    }

    [Fact]
    public async Task An_answer_of_an_earlier_version_for_an_account_number_is_still_repeated()
    {
        var account = await _teller.OpenAsync();
        var number = (await NumberAsync(account)).Value;
        var (inBody, inUrl) = (BankClient.NewKey(), BankClient.NewKey());
        var deposit = (await _teller.DepositAsync(account, "1.00")).Created();
        await bank.StoreAsync(
            deposit, "dev-teller", "POST /v1/deposits", inBody,
            $$$"""{"accountId":"{{{number}}}","amount":{"value":"1.00","currency":"EUR"},"reason":"test"}""");
        var why = new { scope = "debit", reasonCode = "wish", reason = "A wish." };
        var frozen = (await _teller.PostAsync($"/v1/accounts/{account}/freeze", why)).Ok();
        await bank.StoreAsync(
            frozen,
            "dev-teller",
            $"POST /v1/accounts/{number}/freeze",
            inUrl,
            """{"scope":"debit","reasonCode":"wish","reason":"A wish."}"""
        );
        var before = await bank.RowsAsync();

        Assert.Equal(deposit.Body, (await _teller.DepositAsync(number, "1.00", "EUR", ("Idempotency-Key", inBody))).Created().Body);
        Assert.Equal(
            frozen.Body, (await _teller.PostAsync($"/v1/accounts/{number}/freeze", why, ("Idempotency-Key", inUrl))).Ok().Body);
        Assert.Equal(before, await bank.RowsAsync());
    }

    [Theory]
    [InlineData("X-Correlation-ID", "a\u0001b", "malformed_correlation_id")]
    [InlineData("If-Match", "\"one\"", "malformed_if_match")]
    public async Task A_repeat_with_a_wrong_header_still_gets_the_stored_answer(string header, string value, string code)
    {
        var (account, payee) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync());
        var (number, other) = ((await NumberAsync(account)).Grouped, (await NumberAsync(payee)).Value);
        var amount = new { value = "1.00", currency = "EUR" };
        (string Path, object Body)[] requests =
        [
            ("/v1/deposits", new { accountId = number, amount, reason = "test" }),
            ("/v1/withdrawals", new { accountId = number, amount, reason = "test" }),
            ("/v1/transfers", new { fromAccountId = number, toAccountId = other, amount, reason = "test" }),
            ($"/v1/accounts/{Uri.EscapeDataString(number)}/freeze", new { scope = "debit", reasonCode = "wish", reason = "A wish." }),
        ];
        foreach (var (path, body) in requests)
        {
            var key = ("Idempotency-Key", BankClient.NewKey());
            var answered = await _teller.PostAsync(path, body, key);
            Assert.InRange(answered.StatusCode, 200, 201);

            var again = await _teller.PostAsync(path, body, key, (header, value));

            Assert.Equal(
                (answered.StatusCode, answered.Body, "true"), (again.StatusCode, again.Body, again.Header("Idempotency-Replayed")));
            (await _teller.PostAsync(path, body, (header, value))).IsProblem(400, code);
        }
    }

    [Theory]
    [InlineData("wait=٣")]
    [InlineData("wait=-1")]
    [InlineData("wait=+1")]
    [InlineData("wait=1.5")]
    [InlineData("wait")]
    [InlineData("respond-async, wait=soon")]
    [InlineData("wait=0x1")]
    [InlineData("foo=\"a,b\", wait=x")]
    [InlineData("wait=12345678901234567890")]
    public async Task A_wait_that_is_not_a_number_of_seconds_is_malformed(string prefer) =>
        (await _teller.GetAsync("/v1/accounts", ("Ledger-Min-Position", "1"), ("Prefer", prefer))).IsProblem(400, "malformed_prefer");

    [Theory]
    [InlineData("wait=1")]
    [InlineData("Wait = \"1\"; x=y")]
    [InlineData("respond-async, wait=0")]
    [InlineData("handling=lenient")]
    [InlineData("foo=\"a,wait=x\"")]
    [InlineData("foo=\"a\\\",wait=x\"; y=\";,\", wait=0")]
    public async Task A_preference_is_read_as_in_RFC_7240(string prefer) =>
        (await _teller.GetAsync("/v1/accounts", ("Ledger-Min-Position", "0"), ("Prefer", prefer))).Ok();

    [Theory]
    [InlineData("/v1/accounts?limit=5%00")]
    [InlineData("/v1/accounts?limit=%D9%A3")]
    [InlineData("/v1/accounts?limit=%205")]
    [InlineData("/v1/accounts/{0}/balance?version=1%00")]
    [InlineData("/v1/accounts/{0}/balance?version=%2B1")]
    [InlineData("/v1/accounts/{0}/figures?from=2026-11-17%00")]
    [InlineData("/v1/accounts/{0}/figures?from=2026-11-1%D9%A3")]
    [InlineData("/v1/accounts/{0}/balance?effectiveAt=2026-11-17T12:00:00Z%00")]
    [InlineData("/v1/entries?amount=1.00%00&currency=EUR")]
    [InlineData("/v1/entries?amount=1.00&currency=EUR%00")]
    public async Task A_value_that_only_looks_valid_is_malformed(string path) =>
        (await _teller.GetAsync(path.Replace("{0}", await _teller.OpenAsync(), StringComparison.Ordinal))).IsProblem();

    [Theory]
    [InlineData("\"1\0\"")]
    [InlineData("\"+1\"")]
    [InlineData("\" 1\"")]
    [InlineData("\"٣\"")]
    public async Task A_version_that_only_looks_valid_is_malformed(string ifMatch)
    {
        var account = await _teller.OpenAsync();
        if (!ifMatch.Contains('\0', StringComparison.Ordinal))
        {
            (await _teller.DepositAsync(account, "1.00", "EUR", ("If-Match", ifMatch))).IsProblem(400, "malformed_if_match");
        }

        Assert.False(Banking.Web.Commands.CommandRequest.TryETag(ifMatch, out _));
        Assert.Equal("0.00", await _teller.BalanceAsync(account));
    }

    [Theory]
    [InlineData("2026-11-01T12:00:00.123456789Z", "2026-11-01T12:00:00.123456+00:00")]
    [InlineData("2026-11-01t12:00:00z", "2026-11-01T12:00:00+00:00")]
    [InlineData("2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00")]
    public async Task An_instant_is_read_in_every_form_of_RFC_3339(string written, string read)
    {
        var account = await _teller.OpenAsync();
        (await _teller.GetAsync($"/v1/accounts/{account}/balance?effectiveAt={written}&knownAt={written}")).Ok();
        var shown = (await _teller.GetAsync($"/v1/accounts/{account}/balance?effectiveAt={written}")).Ok().Text("effectiveAt");
        Assert.Equal(DateTimeOffset.Parse(read, CultureInfo.InvariantCulture),
            DateTimeOffset.Parse(shown, CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("DE", "37040044053201300A")]
    [InlineData("GB", "123460161331926819")]
    public async Task An_account_number_without_the_structure_of_its_country_is_refused(string country, string bban)
    {
        var number = Enumerable.Range(2, 97).Select(n => $"{country}{n:00}{bban}").Single(n => AccountNumber.TryParseStored(n, out _));
        (await _teller.PostAsync("/v1/accounts", new { customerId = await _teller.RegisterAsync(), currency = "EUR", number }))
            .IsProblem(422, "invalid_account_number", "#/number");
    }

    public static TheoryData<string> Invisible => ["\u202e", "\u200b", "\ufeff", "\u2066", "\u200e", "\u00ad", "\u2060"];

    [Theory]
    [MemberData(nameof(Invisible))]
    public async Task Invisible_characters_are_refused_in_every_stored_text(string invisible)
    {
        var (account, customer) = (await _teller.OpenAsync(balance: "10.00"), await _teller.RegisterAsync());
        var text = $"a{invisible}b";
        var amount = new { value = "1.00", currency = "EUR" };
        (string Path, object Body, int Status, string Pointer)[] requests =
        [
            ("/v1/customers", new { name = text }, 422, "#/name"),
            ("/v1/customers", new { name = "Ada", email = $"{text}@example.org" }, 422, "#/email"),
            ("/v1/customers", new { name = "Ada", phone = text }, 422, "#/phone"),
            ("/v1/accounts", new { customerId = customer, currency = "EUR", product = text }, 422, "#/product"),
            ("/v1/accounts", new { customerId = customer, currency = "EUR", reason = text }, 422, "#/reason"),
            ("/v1/deposits", new { accountId = account, amount, reason = text }, 400, "#/reason"),
            ("/v1/withdrawals", new { accountId = account, amount, reason = "r", reference = text }, 422, "#/reference"),
            ($"/v1/accounts/{account}/freeze", new { scope = "all", reasonCode = "c", reason = text }, 422, "#/reason"),
            ($"/v1/accounts/{account}/freeze", new { scope = "all", reasonCode = text, reason = "r" }, 422, "#/reasonCode"),
        ];
        var before = await bank.RowsAsync();

        foreach (var (path, body, status, pointer) in requests)
        {
            var problem = (await _teller.PostAsync(path, body)).IsProblem(
                status, pointer.EndsWith("Code", StringComparison.Ordinal) ? "reason_required" : "invalid_text", pointer);
            Assert.DoesNotContain(invisible, problem.GetRawText(), StringComparison.Ordinal);
        }

        (await bank.As("operator").PostAsync("/v1/webhooks", new { url = "http://127.0.0.1:9/x", description = text }))
            .IsProblem(422, "invalid_text", "#/description");
        (await _teller.PostAsync("/dev/token", new { role = "teller", subject = text })).IsProblem(422, "invalid_text", "#/subject");
        Assert.Equal(before, await bank.RowsAsync());
    }

    private async Task<AccountNumber> NumberAsync(string account) =>
        AccountNumber.Parse((await _teller.GetAsync($"/v1/accounts/{account}")).Ok().Text("number"));
}
