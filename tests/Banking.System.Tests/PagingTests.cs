using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Banking.Testing;

namespace Banking.System.Tests;

/// <summary>Pages are stable while items are added, and only the bank's own cursors are accepted.</summary>
public sealed class PagingTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    public static TheoryData<string> Lists =>
        ["/v1/accounts?currency=EUR", "/v1/accounts/{0}/entries", "/v1/accounts/{0}/events", "/v1/accounts/{0}/refusals", "/v1/customers"];

    [Theory]
    [MemberData(nameof(Lists))]
    public async Task Pages_do_not_change_when_items_are_added(string list)
    {
        var customer = await _teller.RegisterAsync();
        var account = await _teller.OpenAsync(customer, balance: "1.00");
        var path = string.Format(null, list, account) + (list.Contains('?', StringComparison.Ordinal) ? $"&customerId={customer}" : "");
        for (var i = 0; i < 4; i++)
        {
            await AddAsync();
        }

        var added = 0;
        var before = (await Pages.AllAsync(_teller, path, 500)).Single().Select(Id).ToList();
        var pages = await Pages.AllAsync(_teller, path, 2, AddTwiceAsync);

        var seen = pages.SelectMany(p => p).Select(Id).ToList();
        Assert.Equal(before, seen.Where(before.Contains));
        Assert.Equal(seen.Count, seen.Distinct().Count());

        async Task AddTwiceAsync()
        {
            if (added++ < 2)
            {
                await AddAsync();
            }
        }

        async Task AddAsync()
        {
            bank.Clock.Advance(TimeSpan.FromMilliseconds(1));
            await _teller.RegisterAsync();
            await _teller.OpenAsync(customer);
            await _teller.DepositAsync(account, "0.01");
            await _teller.WithdrawAsync(account, "999.00");
        }
    }

    [Theory]
    [InlineData("/v1/entries")]
    [InlineData("/v1/deposits")]
    public async Task A_customers_cursor_does_not_tell_where_the_entries_of_other_accounts_are(string list)
    {
        var customer = await _teller.RegisterAsync();
        await _teller.OpenAsync(customer, balance: "1.00");
        var other = await _teller.OpenAsync(balance: "1.00");
        var last = (await _teller.DepositAsync(other, "2.00")).Created().Header("Ledger-Position")!;
        var ofOther = (await _teller.GetCurrentAsync($"{list}?limit=1", last)).Ok().Text("nextCursor");

        (await bank.As("customer", customer).GetAsync($"{list}?cursor={ofOther}")).IsProblem(400, "malformed_cursor");

        (await _teller.GetAsync($"{list}?cursor={ofOther}")).Ok();
    }

    [Theory]
    [MemberData(nameof(Lists))]
    public async Task A_limit_is_1_to_500_and_a_forged_cursor_is_malformed(string list)
    {
        var account = await _teller.OpenAsync(balance: "1.00");
        await _teller.WithdrawAsync(account, "999.00");
        await _teller.WithdrawAsync(account, "998.00");
        await _teller.DepositAsync(account, "1.00");
        await _teller.OpenAsync();
        var path = string.Format(null, list, account);
        path += path.Contains('?', StringComparison.Ordinal) ? "&" : "?";

        foreach (var limit in (string[])["0", "-1", "501", "1e9", "1.0", "", "ten", "99999999999999", "%201"])
        {
            (await _teller.GetAsync($"{path}limit={limit}")).IsProblem(400, "malformed_limit");
        }

        (await _teller.GetAsync($"{path}limit=1&limit=2")).IsProblem(400, "repeated_parameter");

        Assert.Single((await _teller.GetAsync(path + "limit=1")).Ok().Items());
        (await _teller.GetAsync(path + "limit=500")).Ok();
        // A cursor begins with a hash of its list.
        var prefix = Decoded((await _teller.GetAsync(path + "limit=1")).Ok().NextCursor()!)[..8];
        string[] forged =
        [
            "", "nonsense", "!!!!", "AA==", new('A', 300), "A%00A", Encoded("1"), Encoded(prefix + "-1"), Encoded(prefix + "' or 1=1 --"),
            Encoded(prefix + "1 "), Encoded(prefix + "\0"), "_____w", Encoded(prefix + "9223372036854775808"),
        ];
        foreach (var cursor in forged)
        {
            (await _teller.GetAsync($"{path}cursor={cursor}")).IsProblem(400, "malformed_cursor");
        }

        var beyond = path.Contains("entries", StringComparison.Ordinal) || path.Contains("events", StringComparison.Ordinal)
            ? "9223372036854775807"
            : new(path.Contains("refusals", StringComparison.Ordinal) ? '0' : 'f', 32);
        Assert.Equal("""{"items":[]}""", (await _teller.GetAsync($"{path}cursor={Encoded(prefix + beyond)}")).Ok().Body);
    }

    [Fact]
    public async Task A_cursor_of_another_list_or_other_filters_is_malformed()
    {
        var (first, second) = (await _teller.OpenAsync(balance: "1.00"), await _teller.OpenAsync(balance: "1.00"));
        foreach (var account in (string[])[first, first, second, second])
        {
            await _teller.DepositAsync(account, "1.00");
        }

        (await _teller.GetCurrentAsync("/v1/entries", await bank.LastAsync())).Ok();
        var cursor = (await _teller.GetAsync($"/v1/deposits?account={first}&currency=EUR&limit=1")).Ok().NextCursor();

        (await _teller.GetAsync($"/v1/deposits?currency=EUR&cursor={cursor}&account={first}&limit=2")).Ok();
        foreach (var path in (string[])
        [
            $"/v1/deposits?account={second}&currency=EUR", $"/v1/deposits?account={first}", "/v1/deposits?", "/v1/withdrawals?",
            $"/v1/accounts/{first}/entries?", "/v1/entries?", "/audit/events?",
        ])
        {
            (await bank.As("auditor").GetAsync($"{path}&cursor={cursor}")).IsProblem(400, "malformed_cursor");
        }
    }

    private static string Encoded(string cursor) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(cursor));

    private static string Decoded(string cursor) => Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor));

    private static string Id(JsonElement item) => item.GetProperty("id").GetString()!;
}
