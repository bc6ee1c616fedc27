using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>Each wrong body is answered with the error and its place, and nothing is stored.</summary>
public sealed class BadInputTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private const string Deposits = "/v1/deposits";
    private const string Amount = """{"value":"1.00","currency":"EUR"}""";

    private readonly BankClient _teller = bank.As("teller");

    public static TheoryData<string> Names => [.. BadInputCases.Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_wrong_body_is_answered_with_its_error_and_nothing_is_stored(string name)
    {
        var account = await _teller.OpenAsync();
        var (path, body, status, code, pointer) = BadInputCases.Cases[name];
        var before = await bank.RowsAsync();

        var answer = await _teller.PostTextAsync(path.Replace("ACC", account, StringComparison.Ordinal),
            body.Replace("ACC", account, StringComparison.Ordinal));

        answer.IsProblem(status, code, pointer);
        Assert.Equal(before, await bank.RowsAsync());
    }

    [Fact]
    public async Task Every_string_member_of_every_command_refuses_text_that_cannot_be_stored()
    {
        var account = await _teller.OpenAsync();
        var customer = await _teller.RegisterAsync();
        var number = SharedKernel.AccountNumber.Create("XB", "UNUSED000001").Value;
        (string Path, Dictionary<string, object> Body)[] commands =
        [
            (Deposits, new() { ["accountId"] = account, ["amount"] = 1, ["reason"] = "r", ["reference"] = "r" }),
            ("/v1/withdrawals", new() { ["accountId"] = account, ["amount"] = 1, ["reason"] = "r", ["reference"] = "r" }),
            ("/v1/transfers", new() { ["fromAccountId"] = account, ["toAccountId"] = account, ["amount"] = 1, ["reason"] = "r",
                ["reference"] = "r" }),
            ("/v1/customers", new() { ["name"] = "n", ["email"] = "a@b", ["phone"] = "1" }),
            ("/v1/accounts", new() { ["customerId"] = customer, ["currency"] = "EUR", ["product"] = "p", ["number"] = number,
                ["overdraftLimit"] = "0", ["reason"] = "r" }),
            ($"/v1/accounts/{account}/freeze", new() { ["scope"] = "all", ["reasonCode"] = "c", ["reason"] = "r" }),
            ($"/v1/accounts/{account}/unfreeze", new() { ["scope"] = "all", ["reasonCode"] = "c", ["reason"] = "r" }),
            ($"/v1/accounts/{account}/overdraft-limit", new() { ["limit"] = "1.00", ["reasonCode"] = "c", ["reason"] = "r" }),
            ($"/v1/accounts/{account}/close", new() { ["reasonCode"] = "c", ["reason"] = "r" }),
        ];
        var before = await bank.RowsAsync();

        foreach (var (path, good) in commands)
        {
            foreach (var member in good.Keys)
            {
                foreach (var bad in (string[])["\"a\\u0000b\"", "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"a\\nb\"", "\"\\uffff\"",
                    $"\"{new string('x', 600)}\"", "\" \"", "1", "true", "{}", "[]"])
                {
                    var body = "{" + string.Join(',', good
                        .Select(m => $"\"{m.Key}\":" + (m.Key == member ? bad : m.Key == "amount" ? Amount : $"\"{m.Value}\""))) + "}";
                    var answer = await _teller.PostTextAsync(path, body);
                    Assert.True(answer.StatusCode is 400 or 404 or 422, $"{path} {body}: {answer.StatusCode} {answer.Body}");
                    var problem = answer.IsProblem();
                    Assert.StartsWith("#/" + member, problem.GetProperty("errors")[0].GetProperty("pointer").GetString(),
                        StringComparison.Ordinal);
                }
            }
        }

        Assert.Equal(before, await bank.RowsAsync());
    }
}
