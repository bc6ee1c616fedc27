using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Platform;
using Banking.Platform.Commands;
using Banking.Platform.Http;
using Banking.Platform.Security;
using Banking.SharedKernel;
using Marten;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.ReadModels;

public static class ListAccountsEndpoint
{
    /// <summary>Filters: customerId (owner or delegate), number, externalId, currency, status, product, q (part of the number, or the external id).</summary>
    [WolverineGet("/v1/accounts")]
    [PageParameters]
    [QueryParameter("customerId", "Owner or delegate.")]
    [QueryParameter("number", "Account number.")]
    [QueryParameter("externalId", "The id an imported account had at its source.")]
    [QueryParameter("currency", "ISO 4217 code.")]
    [QueryParameter("status", "open or closed.")]
    [QueryParameter("product", "Product.")]
    [QueryParameter("q", "Part of the number, or the external id.")]
    [Tags("Accounts")]
    [EndpointSummary("List and search accounts")]
    [Authorize(Policies.Read)]
    [ProducesResponseType<Page<AccountView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(IQuerySession session, HttpContext http)
    {
        var (paging, problem) = Paging.Read(http.Request);
        var after = Guid.Empty;
        if (problem is null && paging!.After is not null && !Exact.TryId(paging.After, out after))
        {
            problem = Paging.Malformed;
        }

        var where = new List<string> { "d.id > ?" };
        var values = new List<object> { after };
        problem ??= Filter(http, where, values);
        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        values.Add(paging!.Limit + 1);
        var accounts = await session.QueryAsync<Account>(
            $"where {string.Join(" and ", where)} order by d.id limit ?", http.RequestAborted, [.. values]);
        var page = Page<Account>.Of([.. accounts], paging.Limit, a => a.Id.ToString("N"));
        return TypedResults.Json(new Page<AccountView>([.. page.Items.Select(AccountView.Of)], page.NextCursor), ApiJson.Options);
    }

    private static Refusal? Filter(HttpContext http, List<string> where, List<object> values)
    {
        var query = http.Request.Query;
        void Add(string clause, object value)
        {
            where.Add(clause);
            values.Add(value);
        }

        const string usedBy = $"d.id in (select (a.data ->> 'accountId')::uuid from {AccountsModule.Schema}.mt_doc_account_access a where (a.data ->> 'customerId')::uuid = ?)";
        if (http.Caller() is { IsStaff: false } customer)
        {
            Add(usedBy, customer.CustomerId ?? Guid.Empty);
        }

        if (query.TryGetValue("customerId", out var owner))
        {
            if (!PublicId.TryParse("cus", owner, out var id))
            {
                return Problems.Malformed("malformed_customer_id", "customerId is the id of a customer, cus_…");
            }

            Add(usedBy, id);
        }

        if (query.TryGetValue("number", out var text))
        {
            if (!AccountNumber.TryParseStored(text, out var number))
            {
                return Problems.Malformed("invalid_account_number", "Not an account number in IBAN shape with valid check digits.");
            }

            Add($"d.id = (select (n.data ->> 'accountId')::uuid from {AccountsModule.Schema}.mt_doc_account_number n where n.id = ?)", number.Value);
        }

        if (query.TryGetValue("currency", out var currency) && !Currency.TryParseEver(currency, out _))
        {
            return Problems.Malformed("unknown_currency", "currency is an ISO 4217 code, active or withdrawn.");
        }

        if (query.TryGetValue("status", out var status) && status != "open" && status != "closed")
        {
            return Problems.Malformed("malformed_filter", "status is open or closed.");
        }

        foreach (var (name, clause) in Plain)
        {
            if (query.TryGetValue(name, out var value))
            {
                if (PlainText.Problem(value.ToString(), 100) is { } why)
                {
                    return Problems.Malformed("malformed_filter", $"{name}: {why}");
                }

                Add(clause, value.ToString());
                if (name == "q")
                {
                    values.Add(value.ToString());
                }
            }
        }

        return null;
    }

    private const string ByExternalId =
        $"d.id in (select (x.data ->> 'accountId')::uuid from {AccountsModule.Schema}.mt_doc_account_external_id x where x.data ->> 'externalId' = ?)";

    private static readonly (string Name, string Clause)[] Plain =
    [
        ("externalId", ByExternalId),
        ("currency", "d.data -> 'balance' ->> 'currency' = ?"),
        ("status", "d.data ->> 'status' = ?"),
        ("product", "d.data ->> 'product' = ?"),
        ("q", "(position(upper(replace(?, ' ', '')) in d.data ->> 'number') > 0 or " + ByExternalId + ")"),
    ];
}
