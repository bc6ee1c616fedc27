using System.Text.Json;
using Banking.Commands.Imports;
using Banking.Customers.Contracts;
using Banking.EventStore.Appending;
using Banking.EventStore.Keys;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Banking.Customers.Tests;

/// <summary>The list of customers: each item equals the single customer, and customers see only themselves.</summary>
public sealed class ListCustomersTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task Pages_contain_every_customer_once_in_the_order_of_ids_and_equal_to_the_single_customer()
    {
        for (var i = 0; i < 5; i++)
        {
            await _teller.RegisterAsync($"Customer {i}");
        }

        var all = (await ListAsync(_teller, "?limit=500")).Items();
        var paged = new List<JsonElement>();
        for (var query = "?limit=2"; query.Length > 0;)
        {
            var page = await ListAsync(_teller, query);
            Assert.InRange(page.Items().Count, 1, 2);
            paged.AddRange(page.Items());
            query = page.NextCursor() is { } cursor ? $"?limit=2&cursor={cursor}" : "";
        }

        Assert.Equal(all.Select(c => c.GetRawText()), paged.Select(c => c.GetRawText()));
        Assert.Equal(all.Select(Id).Order(StringComparer.Ordinal), paged.Select(Id));
        foreach (var customer in paged)
        {
            Assert.Equal((await _teller.GetAsync($"/v1/customers/{Id(customer)}")).Ok().Body, customer.GetRawText());
        }
    }

    [Fact]
    public async Task An_imported_customer_is_found_by_the_id_at_the_source()
    {
        var (found, other) = (await ImportAsync("2926"), await ImportAsync("2926-1"));
        await _teller.RegisterAsync("2926");

        Assert.Equal([found], (await ListAsync(_teller, "?externalId=2926")).Items().Select(Id));
        Assert.Equal([other], (await ListAsync(_teller, "?externalId=2926-1")).Items().Select(Id));
        Assert.Empty((await ListAsync(_teller, "?externalId=292")).Items());
        Assert.Equal((400, "malformed_filter"), await ProblemAsync("?externalId="));
    }

    [Theory]
    [InlineData("operator")]
    [InlineData("auditor")]
    public async Task Staff_see_all_customers_and_a_customer_only_themself_whatever_the_filter(string staff)
    {
        var (ada, ben) = (await _teller.RegisterAsync("Ada"), await ImportAsync("ben of " + staff));

        Assert.Superset(new HashSet<string> { ada, ben }, (await ListAsync(bank.As(staff), "?limit=500")).Items().Select(Id).ToHashSet());
        Assert.Equal([ada], (await ListAsync(bank.As("customer", ada), "")).Items().Select(Id));
        Assert.Equal([ben], (await ListAsync(bank.As("customer", ben), $"?externalId=ben of {staff}")).Items().Select(Id));
        Assert.Empty((await ListAsync(bank.As("customer", ada), $"?externalId=ben of {staff}")).Items());
    }

    [Fact]
    public async Task An_erased_customer_is_listed_without_personal_data_and_others_with_it()
    {
        var (eve, ada) = (await ImportAsync("eve", "Eve Adams"), await ImportAsync("eve", "Ada Lovelace"));
        await using var erasure = bank.Owner.CreateCommand("delete from customers_keys.mt_doc_customer_key where id = $1");
        erasure.Parameters.Add(new NpgsqlParameter { Value = Guid.ParseExact(eve["cus_".Length..], "N") });
        Assert.Equal(1, await erasure.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));

        var list = await ListAsync(_teller, "?externalId=eve");

        Assert.DoesNotContain("Adams", list.Body, StringComparison.Ordinal);
        Assert.Equal(
            new HashSet<(string, bool, string?)> { (eve, true, null), (ada, false, "Ada Lovelace") },
            list.Items()
                .Select(c =>
                    (Id(c), c.GetProperty("erased").GetBoolean(), c.TryGetProperty("name", out var name) ? name.GetString() : null))
                .ToHashSet());
    }

    [Fact]
    public async Task An_invalid_limit_or_cursor_is_malformed()
    {
        Assert.Equal((400, "malformed_limit"), await ProblemAsync("?limit=0"));
        Assert.Equal((400, "malformed_limit"), await ProblemAsync("?limit=501"));
        Assert.Equal((400, "malformed_cursor"), await ProblemAsync("?cursor=nonsense"));
        Assert.Equal((400, "malformed_cursor"), await ProblemAsync("?cursor="));
    }

    private static string Id(JsonElement customer) => customer.GetProperty("id").GetString()!;

    private static async Task<Answer> ListAsync(BankClient caller, string query) => (await caller.GetAsync("/v1/customers" + query)).Ok();

    private async Task<(int Status, string Code)> ProblemAsync(string query)
    {
        var answer = await _teller.GetAsync("/v1/customers" + query);
        return (answer.StatusCode, answer.Code);
    }

    private async Task<string> ImportAsync(string externalId, string name = "Ada")
    {
        var id = Ids.Next(bank.Clock);
        var history = new CustomerHistory(id, externalId, name, new Dictionary<string, string>(), new("test", "clients", 1, externalId));
        await CustomersModule.ImportAsync(
            new HistoryImport(bank.Store, bank.Database, bank.Clock, new([], new())),
            bank.Host.Services.GetRequiredService<CheckedWrapping>(),
            bank.Store,
            "test",
            [history],
            bank.Clock,
            _ => { },
            TestContext.Current.CancellationToken);
        return PublicId.Format(CustomerStreams.Prefix, id);
    }
}
