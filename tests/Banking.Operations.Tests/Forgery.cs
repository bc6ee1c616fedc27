using Banking.SharedKernel;
using Banking.Testing;

namespace Banking.Operations.Tests;

/// <summary>An account with every kind of data, which a test forges by SQL.</summary>
internal sealed class Forgery(BankFixture bank)
{
    private readonly BankClient _teller = bank.As("teller");

    public Guid Customer { get; private set; }

    public Guid Account { get; private set; }

    public string AccountId { get; private set; } = "";

    public Guid Other { get; private set; }

    public Guid Refusal { get; private set; }

    /// <summary>The answer to the refused command.</summary>
    public string Refused { get; private set; } = "";

    public async Task<Forgery> CreateAsync()
    {
        var customer = await _teller.RegisterAsync();
        AccountId = await _teller.OpenAsync(customer, balance: "10.00");
        var other = await _teller.OpenAsync(balance: "1.00");
        (
            await _teller.PostAsync(
                "/v1/deposits",
                new
                {
                    accountId = AccountId,
                    amount = new { value = "5.00", currency = "EUR" },
                    reason = "Pocket money",
                })).Created();
        var refused = await _teller.PostAsync(
            "/v1/withdrawals", new { accountId = AccountId, amount = new { value = "99.00", currency = "EUR" }, reason = "Too much" });
        Assert.Equal(422, refused.StatusCode);
        Refused = refused.Body;
        (
            await _teller.PostAsync(
                "/v1/transfers",
                new
                {
                    fromAccountId = AccountId,
                    toAccountId = other,
                    amount = new { value = "2.00", currency = "EUR" },
                    reason = "Rent",
                })).Created();
        (
            await _teller.PostAsync(
                $"/v1/accounts/{AccountId}/freeze",
                new
                {
                    scope = "credit",
                    reasonCode = "order",
                    reason = "Court order",
                })).Ok();
        (Customer, Account, Other) = (Id(customer), Id(AccountId), Id(other));
        Refusal = (
            await bank.QueryAsync<Guid>("select id from platform.mt_doc_refusal where data ->> 'streamId' = $1", Account.ToString())
        ).Single();
        await bank.CaughtUpAsync();
        return this;
    }

    /// <summary>
    /// Runs SQL as the owner of the database, with <c>{account}</c>, <c>{other}</c>, <c>{customer}</c> and <c>{refusal}</c> replaced by
    /// ids.
    /// </summary>
    public Task ForgeAsync(string sql) => bank.ForgeAsync(Filled(sql));

    public string Filled(string sql) => sql
        .Replace("{account}", $"'{Account}'", StringComparison.Ordinal).Replace("{other}", $"'{Other}'", StringComparison.Ordinal)
        .Replace("{customer}", $"'{Customer}'", StringComparison.Ordinal).Replace("{refusal}", $"'{Refusal}'", StringComparison.Ordinal);

    private static Guid Id(string id) => PublicId.TryParse(id[..3], id, out var guid) ? guid : throw new FormatException(id);
}
