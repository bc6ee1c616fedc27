using Banking.Accounts.Domain;
using Banking.Accounts.Views;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.EventStore.Json;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.ReadModels;

public static class ListAccountsEndpoint
{
    [WolverineGet("/v1/accounts", OperationId = "listAccounts")]
    [PageParameters]
    [QueryParameter("customerId", "Only accounts of this customer, as owner or delegate.")]
    [QueryParameter("number", "The account with this number.")]
    [QueryParameter("externalId", "The id that an imported account had at its source.")]
    [QueryParameter("currency", "Only accounts in this currency, an ISO 4217 code.")]
    [QueryParameter<AccountStatus>("status", "Only open or only closed accounts.")]
    [QueryParameter("product", "Only accounts of this product.")]
    [QueryParameter("q", "A part of the number, or the external id.")]
    [Tags("Accounts")]
    [EndpointSummary("List and search accounts")]
    [EndpointDescription("Lists the accounts that the caller may see, filtered by any of the parameters. Balances are those of now.")]
    [Authorize(Policies.Read)]
    [Problems("invalid_account_number", "malformed_customer_id", "malformed_filter", "unknown_currency")]
    [ListsFrom(AccountDirectory.ModelName)]
    [ProducesResponseType<Page<AccountView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(StateReader<Account> states, HttpContext http)
    {
        var (paging, after, problem) = Paging.ReadIds(http.Request, Guid.Empty);

        var search = new StateSearch();
        problem ??= Filter(http, search);
        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var accounts = await states.ListAsync<AccountDirectoryEntry>(search, after, paging!.Limit + 1, http.RequestAborted);
        var page = Page<Account>.Of(accounts, paging, a => a.Id.ToString("N"));
        return TypedResults.Json(new Page<AccountView>([.. page.Items.Select(AccountView.Of)], page.NextCursor), ApiJson.Options);
    }

    private static Refusal? Filter(HttpContext http, StateSearch search)
    {
        if (http.Caller() is { IsStaff: false } customer)
        {
            search.AddById(UsedBy, customer.CustomerId ?? Guid.Empty);
        }

        var query = http.Request.Query;
        return FilterByCustomer(query, search) ?? FilterByNumber(query, search) ?? CheckValues(query) ?? FilterByText(query, search);
    }

    private static Refusal? FilterByCustomer(IQueryCollection query, StateSearch search)
    {
        if (!query.TryGetValue("customerId", out var customer))
        {
            return null;
        }

        if (!PublicId.TryParse("cus", customer, out var id))
        {
            return Refusal.Malformed("malformed_customer_id", "customerId is the id of a customer, cus_…");
        }

        search.AddById(UsedBy, id);
        return null;
    }

    private static Refusal? FilterByNumber(IQueryCollection query, StateSearch search)
    {
        if (!query.TryGetValue("number", out var text))
        {
            return null;
        }

        if (!AccountNumber.TryParseStored(text, out var number))
        {
            return Refusal.Malformed("invalid_account_number", "number is an account number: an IBAN with valid check digits.");
        }

        search.AddById(
            $"d.id = (select (n.data ->> 'accountId')::uuid from {AccountsModule.Schema}.mt_doc_account_number n where n.id = ?)",
            number.Value);
        return null;
    }

    private static Refusal? CheckValues(IQueryCollection query) =>
        query.TryGetValue("currency", out var currency) && !Currency.TryParseEver(currency, out _)
            ? Refusal.Malformed("unknown_currency", "currency is an ISO 4217 code, active or withdrawn.")
        : query.TryGetValue("status", out var status) && status != "open" && status != "closed"
            ? Refusal.Malformed("malformed_filter", "status is open or closed.")
        : null;

    private static Refusal? FilterByText(IQueryCollection query, StateSearch search)
    {
        foreach (var (name, clause) in TextFilters)
        {
            if (!query.TryGetValue(name, out var value))
            {
                continue;
            }

            if (PlainText.Problem(value.ToString(), 100) is { } why)
            {
                return Refusal.Malformed("malformed_filter", $"{name}: {why}");
            }

            if (name == "externalId")
            {
                search.AddById(clause, value.ToString());
            }
            else
            {
                // One value per placeholder of the clause.
                search.AddByData(clause, [.. Enumerable.Repeat<object>(value.ToString(), clause.Count(c => c == '?'))]);
            }
        }

        return null;
    }

    private const string UsedBy =
        $"d.id in (select (a.data ->> 'accountId')::uuid from {AccountsModule.Schema}.mt_doc_account_access a "
        + "where (a.data ->> 'customerId')::uuid = ?)";

    private const string ByExternalId =
        $"d.id in (select (x.data ->> 'accountId')::uuid from {AccountsModule.Schema}.mt_doc_account_external_id x "
        + "where x.data ->> 'externalId' = ?)";

    private static readonly (string Name, string Clause)[] TextFilters =
    [
        ("externalId", ByExternalId),
        ("currency", "d.data ->> 'currency' = ?"),
        ("status", "d.data ->> 'status' = ?"),
        ("product", "d.data ->> 'product' = ?"),
        ("q", "(position(upper(replace(?, ' ', '')) in d.data ->> 'number') > 0 or " + ByExternalId + ")"),
    ];
}
