using Banking.Testing;

namespace Banking.Accounts.Tests.Statements;

/// <summary>The requests of the tests of statements.</summary>
internal static class StatementRequests
{
    public static Task<Answer> IssueAsync(this BankClient client, string account, string from, string to, string? key = null) =>
        client.PostAsync($"/v1/accounts/{account}/statements", new { from, to }, ("Idempotency-Key", key ?? BankClient.NewKey()));

    /// <summary>Issues a statement and returns its id.</summary>
    public static async Task<string> IssuedAsync(this BankClient client, string account, string from, string to) =>
        (await client.IssueAsync(account, from, to)).Created().Text("id");

    public static Task<Answer> StatementAsync(this BankClient client, string statement, string accept = "*/*") =>
        client.GetAsync($"/v1/statements/{statement}", ("Accept", accept));

    /// <summary>Deposits on a day at noon, UTC.</summary>
    public static Task<Answer> DepositOnAsync(
        this BankClient client, string account, string day, string value, string currency = "EUR", string? reference = null) =>
        client.PostAsync(
            "/v1/deposits",
            new { accountId = account, amount = new { value, currency }, reason = "test", effectiveAt = $"{day}T12:00:00Z", reference });

    public static Task<Answer> WithdrawOnAsync(
        this BankClient client, string account, string day, string value, string currency = "EUR") =>
        client.PostAsync(
            "/v1/withdrawals",
            new { accountId = account, amount = new { value, currency }, reason = "test", effectiveAt = $"{day}T12:00:00Z" });
}
