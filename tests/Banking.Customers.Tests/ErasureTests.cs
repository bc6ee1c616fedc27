using Banking.SharedKernel;
using Banking.Testing;
using Npgsql;

namespace Banking.Customers.Tests;

/// <summary>Personal data is readable only with the customer's key. Without it, the person cannot be identified.</summary>
public sealed class ErasureTests(BankFixture bank) : IClassFixture<BankFixture>
{
    [Fact]
    public async Task A_registered_customer_is_shown_with_name_and_email()
    {
        var teller = bank.As("teller");
        var id = (await RegisterAsync("Grace Hopper", "grace@navy.example")).Text("id");

        var shown = (await teller.GetAsync($"/v1/customers/{id}")).Ok();

        Assert.Equal(("Grace Hopper", "grace@navy.example", "false"), (shown.Text("name"), shown.Text("email"), shown.Text("erased")));
    }

    [Fact]
    public async Task No_table_of_the_database_holds_the_name_or_the_address_of_a_customer()
    {
        var registered = await RegisterAsync("Quixotica Zebrano", "quixotica@zebrano.example");
        (await bank.As("teller").GetAsync($"/v1/customers/{registered.Text("id")}")).Ok();

        var events = await QueryAsync("select data::text from bank.mt_events where stream_id = $1", Id(registered.Text("id")));
        Assert.Contains("AES-256-GCM", Assert.Single(events), StringComparison.Ordinal);
        Assert.Empty(await TablesWithAsync("%zebrano%"));
        Assert.NotEmpty(await TablesWithAsync($"%{Id(registered.Text("id"))}%"));
    }

    [Fact]
    public async Task A_repeated_registration_is_answered_like_the_first()
    {
        var key = ("Idempotency-Key", BankClient.NewKey());

        var (first, again) = (await RegisterAsync("Ada", "ada@example.org", key), await RegisterAsync("Ada", "ada@example.org", key));

        Assert.Equal(first.Body, again.Body);
        Assert.Equal("true", again.Headers["Idempotency-Replayed"]);
    }

    [Fact]
    public async Task With_the_key_destroyed_the_person_is_erased_and_the_accounts_stay_usable()
    {
        var teller = bank.As("teller");
        var customer = (await RegisterAsync("Eve Adams", "eve@example.org")).Text("id");
        var account = await teller.OpenAsync(customer, balance: "100.00");

        Assert.Single(await QueryAsync("delete from customers_keys.mt_doc_customer_key where id = $1 returning id::text", Id(customer)));

        var shown = (await teller.GetAsync($"/v1/customers/{customer}")).Ok();
        Assert.Equal("true", shown.Text("erased"));
        Assert.DoesNotContain("Eve", shown.Body, StringComparison.Ordinal);
        Assert.False(shown.Json.TryGetProperty("name", out _) || shown.Json.TryGetProperty("email", out _));
        (await teller.WithdrawAsync(account, "40.00")).Created();
        Assert.Equal("60.00", await teller.BalanceAsync(account));
        Assert.Equal(customer, (await teller.GetAsync($"/v1/accounts/{account}")).Ok().Text("customerId"));
        await teller.OpenAsync(customer);
    }

    [Fact]
    public async Task A_client_with_a_copy_from_before_the_erasure_gets_the_customer_without_the_name()
    {
        var teller = bank.As("teller");
        var customer = (await RegisterAsync("Mallory Marsh", "mallory@example.org")).Text("id");
        var tag = (await teller.GetAsync($"/v1/customers/{customer}")).Ok().Header("ETag")!;
        Assert.Equal(304, (await teller.GetAsync($"/v1/customers/{customer}", ("If-None-Match", tag))).StatusCode);

        await QueryAsync("delete from customers_keys.mt_doc_customer_key where id = $1 returning id::text", Id(customer));

        foreach (var known in (string[])[tag, "W/" + tag, "*"])
        {
            var shown = (await teller.GetAsync($"/v1/customers/{customer}", ("If-None-Match", known))).Ok();
            Assert.Equal(("true", null), (shown.Text("erased"), shown.Header("ETag")));
        }
    }

    private static Guid Id(string customer) => PublicId.TryParse("cus", customer, out var id) ? id : throw new FormatException(customer);

    private async Task<Answer> RegisterAsync(string name, string email, params (string, string)[] headers) =>
        (await bank.As("teller").PostAsync("/v1/customers", new { name, email }, headers)).Created();

    private async Task<List<string>> TablesWithAsync(string pattern)
    {
        var found = new List<string>();
        foreach (var table in await QueryAsync(
            "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname not in ('pg_catalog', 'information_schema')"))
        {
            found.AddRange(await QueryAsync($"select '{table}' from {table} t where t::text ilike $1 limit 1", pattern));
        }

        return found;
    }

    private async Task<List<string>> QueryAsync(string sql, params object[] values)
    {
        await using var command = bank.Owner.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(reader.GetString(0));
        }

        return rows;
    }
}
