using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>The headers If-Match and If-None-Match.</summary>
public sealed class ConcurrencyHeaderTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Theory]
    [InlineData("\"2\"", 201)]
    [InlineData("*", 201)]
    [InlineData("\"1\"", 412)]
    [InlineData("\"3\"", 412)]
    [InlineData("\"0\"", 412)]
    [InlineData("2", 400)]
    [InlineData("\"two\"", 400)]
    [InlineData("W/\"2\"", 400)]
    [InlineData("\"-2\"", 400)]
    [InlineData("\" 2\"", 400)]
    [InlineData("\"", 400)]
    [InlineData("\"99999999999999999999\"", 400)]
    [InlineData("\"9223372036854775807\"", 412)]
    public async Task Money_moves_only_at_the_version_in_If_Match(string ifMatch, int status)
    {
        var (account, other) = (await _teller.OpenAsync(balance: "10.00"), await _teller.OpenAsync(balance: "10.00"));
        var payer = await _teller.OpenAsync(balance: "10.00");
        var before = await bank.RowsAsync();

        foreach (var answer in new[]
        {
            await _teller.DepositAsync(account, "1.00", "EUR", ("If-Match", ifMatch)),
            await _teller.WithdrawAsync(other, "1.00", "EUR", ("If-Match", ifMatch)),
            await _teller.TransferAsync(payer, account, "1.00", "EUR", ("If-Match", ifMatch)),
        })
        {
            Refused(answer, ifMatch, status, 2);
        }

        Assert.Equal(status == 201, before != await bank.RowsAsync());
    }

    [Fact]
    public async Task An_account_is_controlled_only_at_the_version_in_If_Match()
    {
        var account = await _teller.OpenAsync();
        var freeze = new { scope = "all", reasonCode = "wish", reason = "A wish." };

        Refused(await _teller.PostAsync($"/v1/accounts/{account}/freeze", freeze, ("If-Match", "\"2\"")), "\"2\"", 412, 1);
        (await _teller.PostAsync($"/v1/accounts/{account}/freeze", freeze, ("If-Match", "\"1\""))).IsAccepted(200, 2, null);
    }

    [Fact]
    public async Task A_repeat_gets_its_answer_although_its_version_has_passed()
    {
        var account = await _teller.OpenAsync();
        (string, string)[] headers = [("If-Match", "\"1\""), ("Idempotency-Key", BankClient.NewKey())];

        var first = (await _teller.DepositAsync(account, "1.00", "EUR", headers)).Created();

        Assert.Equal(first.Body, (await _teller.DepositAsync(account, "1.00", "EUR", headers)).Created().Body);
    }

    [Theory]
    [InlineData("\"2\"", 304)]
    [InlineData("\"1\", \"2\"", 304)]
    [InlineData("W/\"2\"", 304)]
    [InlineData("*", 304)]
    [InlineData("\"1\"", 200)]
    [InlineData("2", 200)]
    [InlineData("nonsense", 200)]
    public async Task A_matching_If_None_Match_is_answered_304(string ifNoneMatch, int status)
    {
        var account = await _teller.OpenAsync(balance: "10.00");

        foreach (var path in (string[])[$"/v1/accounts/{account}", $"/v1/accounts/{account}/balance"])
        {
            var answer = await _teller.GetAsync(path, ("If-None-Match", ifNoneMatch));
            Assert.Equal((status, "\"2\""), (answer.StatusCode, answer.Header("ETag")));
            Assert.Equal(status == 304, answer.Body.Length == 0);
        }
    }

    [Fact]
    public async Task A_balance_of_the_past_has_no_ETag()
    {
        var account = await _teller.OpenAsync(balance: "10.00");

        var past = (await _teller.GetAsync($"/v1/accounts/{account}/balance?version=2", ("If-None-Match", "\"2\""))).Ok();

        Assert.Null(past.Header("ETag"));
    }

    private static void Refused(Answer answer, string ifMatch, int status, long version)
    {
        Assert.True(answer.StatusCode == status, $"If-Match {ifMatch}: {answer.StatusCode} {answer.Body}");
        if (status == 412)
        {
            Assert.Equal(version, answer.IsProblem(412, "version_mismatch").GetProperty("version").GetInt64());
        }
        else if (status == 400)
        {
            answer.IsProblem(400, "malformed_if_match");
        }
    }
}
