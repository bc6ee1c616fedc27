using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>The forms of an overdraft limit: requests have money, or the decimal string of before; answers always have money.</summary>
public sealed class OverdraftLimitTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    public static TheoryData<string, string> Forms => new()
    {
        { """{"value":"25.00","currency":"EUR"}""", "25.00" },
        { "\"25.00\"", "25.00" },
        { """{"value":"0","currency":"EUR"}""", "0.00" },
    };

    public static TheoryData<string, string, string> Refused => new()
    {
        { """{"value":"25.00","currency":"USD"}""", "currency_mismatch", "" },
        { """{"value":"25.00","currency":"XXY"}""", "unknown_currency", "/currency" },
        { """{"value":"25.001","currency":"EUR"}""", "invalid_amount", "/value" },
        { """{"value":"-1.00","currency":"EUR"}""", "invalid_amount", "/value" },
        { "\"25.001\"", "invalid_amount", "" },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task Both_forms_are_accepted_and_the_answer_is_money(string limit, string shown)
    {
        var account = (await OpenAsync(limit)).Created();
        var changed = (await ChangeAsync(await _teller.OpenAsync(), limit)).Ok();

        account.Json.GetProperty("overdraftLimit").IsMoney(shown);
        changed.Json.GetProperty("overdraftLimit").IsMoney(shown);
        var events = (await _teller.GetAsync($"/v1/accounts/{changed.Text("id")}/events")).Ok().Items();
        events[^1].GetProperty("data").GetProperty("limit").IsMoney(shown);
    }

    [Theory]
    [MemberData(nameof(Refused))]
    public async Task A_limit_that_cannot_be_one_is_refused_with_its_place(string limit, string code, string place)
    {
        var account = await _teller.OpenAsync();

        (await OpenAsync(limit)).IsProblem(422, code, "#/overdraftLimit" + place);
        (await ChangeAsync(account, limit)).IsProblem(422, code, "#/limit" + place);
        Assert.Equal("\"1\"", (await _teller.GetAsync($"/v1/accounts/{account}")).Header("ETag"));
    }

    [Theory]
    [InlineData("25")]
    [InlineData("""{"value":"25.00"}""")]
    [InlineData("""{"value":"25.00","currency":"EUR","scale":2}""")]
    [InlineData("null")]
    public async Task A_limit_of_another_form_is_malformed(string limit) =>
        (await ChangeAsync(await _teller.OpenAsync(), limit)).IsProblem(400, "malformed_json", "#/limit");

    [Fact]
    public async Task A_repeat_in_the_other_form_is_other_content()
    {
        var account = await _teller.OpenAsync();
        (string, string) key = ("Idempotency-Key", BankClient.NewKey());

        var first = (await ChangeAsync(account, "\"5.00\"", key)).Ok();
        var again = (await ChangeAsync(account, "\"5.00\"", key)).Ok();

        Assert.Equal((first.Body, "true"), (again.Body, again.Header("Idempotency-Replayed")));
        (await ChangeAsync(account, """{"value":"5.00","currency":"EUR"}""", key)).IsProblem(422, "idempotency_key_reused");
    }

    private async Task<Answer> OpenAsync(string limit) => await _teller.PostTextAsync(
        "/v1/accounts", $$"""{"customerId":"{{await _teller.RegisterAsync()}}","currency":"EUR","overdraftLimit":{{limit}}}""");

    private Task<Answer> ChangeAsync(string account, string limit, params (string, string)[] headers) => _teller.PostTextAsync(
        $"/v1/accounts/{account}/overdraft-limit", $$"""{"limit":{{limit}},"reasonCode":"wish","reason":"A wish."}""", headers);
}
