using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>Wrong URLs, queries and headers give problems, never failures.</summary>
public sealed class BadAddressTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Theory]
    [InlineData("/v1/accounts/%01", 404)]
    [InlineData("/v1/accounts/acc_%2F..%2F..", 404)]
    [InlineData("/v1/accounts/..%2F..%2Fetc%2Fpasswd", 404)]
    [InlineData("/v1/accounts/%ff%fe", 404)]
    [InlineData("/v1/accounts/%ED%A0%80/balance", 404)]
    [InlineData("/v1/accounts/%20/events", 404)]
    [InlineData("/v1/accounts/'%20or%201=1%20--/entries", 404)]
    [InlineData("/v1/customers/%01", 404)]
    [InlineData("/v1/customers/acc_0198f000000070008000000000000001", 404)]
    [InlineData("/v1/customers/cus_00000000000000000000000000000000", 404)]
    [InlineData("/v1/transfers/trf_%0d%0aSet-Cookie:a=b", 404)]
    [InlineData("/v1/deposits/%01", 404)]
    [InlineData("/v1/accounts//balance", 404)]
    [InlineData("/v1/accounts?q=%00", 400)]
    [InlineData("/v1/accounts?q=", 400)]
    [InlineData("/v1/accounts?q=%0A", 400)]
    [InlineData("/v1/accounts?externalId=%00", 400)]
    [InlineData("/v1/accounts?product=%E2%80%A8", 400)]
    [InlineData("/v1/accounts?currency=%00", 400)]
    [InlineData("/v1/accounts?status=%01", 400)]
    [InlineData("/v1/accounts?customerId=garbage", 400)]
    [InlineData("/v1/accounts?customerId=cus_1&customerId=cus_2", 400)]
    [InlineData("/v1/accounts?number=DE89370400440532013001", 400)]
    [InlineData("/v1/accounts?limit=-1", 400)]
    [InlineData("/v1/accounts?limit=1e9", 400)]
    [InlineData("/v1/accounts?limit=1&limit=2", 400)]
    [InlineData("/v1/accounts?cursor=%00", 400)]
    [InlineData("/v1/customers?externalId=%00", 400)]
    [InlineData("/v1/customers?externalId=", 400)]
    public async Task A_wrong_URL_is_a_problem_and_not_a_failure(string path, int status)
    {
        var before = await bank.RowsAsync();

        var answer = await _teller.GetAsync(path);

        Assert.True(answer.StatusCode == status, $"{path}: {answer.StatusCode} {answer.Body}");
        answer.IsProblem();
        Assert.Null(answer.Header("Set-Cookie"));
        Assert.Equal(before, await bank.RowsAsync());
    }

    [Theory]
    [InlineData("q='; drop table bank.mt_events; --")]
    [InlineData("q=' or ''='")]
    [InlineData("q=?")]
    [InlineData("q=%")]
    [InlineData("q=_")]
    [InlineData("q=\\")]
    [InlineData("externalId=' or 1=1 --")]
    [InlineData("externalId=?")]
    [InlineData("product=$1")]
    public async Task SQL_in_a_filter_is_plain_text(string filter)
    {
        await _teller.OpenAsync();

        var encoded = string.Join('&', filter.Split('&').Select(p => p.Split('=', 2)[0] + "=" + Uri.EscapeDataString(p.Split('=', 2)[1])));
        Assert.Empty((await _teller.GetAsync("/v1/accounts?" + encoded)).Ok().Items());
        Assert.NotEmpty((await _teller.GetAsync("/v1/accounts")).Ok().Items());
    }

    [Theory]
    [InlineData("currency=' union select 1 --", "unknown_currency")]
    [InlineData("currency=eur", "unknown_currency")]
    [InlineData("currency=EUR&currency=USD", "repeated_parameter")]
    [InlineData("status=open' --", "malformed_filter")]
    [InlineData("status=nonsense", "malformed_filter")]
    public async Task A_filter_that_cannot_match_is_an_error_and_not_an_empty_list(string filter, string code)
    {
        var answer = await _teller.GetAsync("/v1/accounts?" + filter);

        Assert.Equal((400, code), (answer.StatusCode, answer.Code));
    }

    [Theory]
    [InlineData("freeze")]
    [InlineData("unfreeze")]
    [InlineData("close")]
    [InlineData("overdraft-limit")]
    public async Task A_command_on_a_malformed_account_id_finds_no_account(string command)
    {
        var before = await bank.RowsAsync();
        foreach (var account in (string[])["%01", "garbage", "acc_0198f000000070008000000000000001",
            "cus_0198f000000070008000000000000001", "%ff"])
        {
            var body = command switch
            {
                "overdraft-limit" => """{"limit":"1.00","reasonCode":"c","reason":"r"}""",
                "close" => """{"reasonCode":"c","reason":"r"}""",
                _ => """{"scope":"all","reasonCode":"c","reason":"r"}""",
            };
            (await _teller.PostTextAsync($"/v1/accounts/{account}/{command}", body)).IsProblem(404, "account_not_found");
        }

        Assert.Equal(before, await bank.RowsAsync());
    }

    [Fact]
    public async Task Headers_of_any_length_are_answered()
    {
        var deposit = await DepositAsync();
        (await _teller.PostTextAsync("/v1/deposits", deposit, ("If-Match", $"\"{new string('9', 5000)}\"")))
            .IsProblem(400, "malformed_if_match");
        (await _teller.PostTextAsync("/v1/deposits", deposit, ("Idempotency-Key", new('k', 5000))))
            .IsProblem(400, "malformed_idempotency_key");
        (await _teller.PostTextAsync("/v1/deposits", deposit, ("X-Correlation-ID", new('c', 5000))))
            .IsProblem(400, "malformed_correlation_id");
        (await _teller.GetAsync("/v1/accounts", ("Ledger-Min-Position", new('9', 5000)))).IsProblem(400, "malformed_position");
        (await _teller.GetAsync("/v1/accounts", ("If-None-Match", new('"', 5000)), ("Prefer", new('w', 5000)))).Ok();
        (await bank.WithToken(new('t', 20_000)).GetAsync("/v1/accounts")).IsProblem(401, "unauthenticated");
    }

    private async Task<string> DepositAsync() =>
        $$$"""{"accountId":"{{{await _teller.OpenAsync()}}}","amount":{"value":"1.00","currency":"EUR"},"reason":"r"}""";
}
