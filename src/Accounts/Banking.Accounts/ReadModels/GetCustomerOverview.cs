using Banking.Accounts.Domain;
using Banking.Accounts.Views;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Customers.Contracts;
using Banking.EventStore.Json;
using Banking.EventStore.Streams;
using Banking.SharedKernel;
using Banking.Web.Http;
using Marten;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.ReadModels;

/// <summary>A customer's accounts at a glance. Nothing personal is here; the customer's own resource has it.</summary>
/// <param name="RegisteredAt">Absent while the read model does not have the registration yet.</param>
/// <param name="Today">The day of the totals.</param>
/// <param name="Accounts">The accounts that the customer owns, in the order of their opening.</param>
/// <param name="Currencies">Totals over these accounts.</param>
public sealed record CustomerOverviewView(
    string CustomerId, DateTimeOffset? RegisteredAt, DayView Today, IReadOnlyList<OverviewAccountView> Accounts,
    IReadOnlyList<OverviewTotalsView> Currencies, OverviewLinks Links);

/// <summary>A day, by effective time.</summary>
/// <param name="To">Not included.</param>
public sealed record DayView(DateOnly Date, string TimeZone, DateTimeOffset From, DateTimeOffset To);

/// <summary>An account in an overview. Balance, available and version are those of now; all else is as of the answer's position.</summary>
public sealed record OverviewAccountView(
    string Id, string Number, string Currency, string Product, AccountStatus Status, FrozenView Frozen, Amount OverdraftLimit,
    IReadOnlyList<string> Delegates, DateTimeOffset OpenedAt, DateTimeOffset? ClosedAt, Amount Balance, Amount Available, long Version);

/// <summary>Totals in one currency.</summary>
/// <param name="Balance">The sum of the balances.</param>
/// <param name="MoneyIn">What came in today. A transfer between two accounts of the customer is in both sums.</param>
/// <param name="MoneyOut">What went out today.</param>
/// <param name="Movements">The number of movements that took effect today.</param>
public sealed record OverviewTotalsView(string Currency, Amount Balance, Amount MoneyIn, Amount MoneyOut, int Movements);

/// <summary>Links to the customer, and to all accounts that the customer may use.</summary>
public sealed record OverviewLinks(string Customer, string Accounts);

public static class GetCustomerOverviewEndpoint
{
    [WolverineGet("/v1/customers/{customer}/overview", OperationId = "getCustomerOverview")]
    [ZoneParameter("today, such as Europe/Berlin; UTC, the bank's day, if left out")]
    [Tags("Customers")]
    [EndpointSummary("Get a customer's accounts with balances, and the totals of today")]
    [EndpointDescription("Gets the accounts of a customer with their balances, and the totals by currency of today.")]
    [Authorize(Policies.Read)]
    [Problems("customer_not_found")]
    [ListsFrom(CustomerOverviews.ModelName)]
    [ProducesResponseType<CustomerOverviewView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        string customer, StreamDirectory streams, IQuerySession session, StateReader<Account> states, DayTotals totals, TimeProvider clock,
        HttpContext http)
    {
        var (ct, caller) = (http.RequestAborted, http.Caller());
        var (zone, problem) = ZoneQuery.Read(http.Request);
        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        if (!PublicId.TryParse(CustomerStreams.Prefix, customer, out var id)
            || !(caller.IsStaff || caller.CustomerId == id)
            // The log is never behind, so a customer that was just registered is found.
            || !await streams.ExistsAsync(id, CustomerStreams.Type, ct))
        {
            return new ProblemResult(Refusal.NotFound("customer_not_found", "There is no such customer."));
        }

        var overview = await session.LoadAsync<CustomerOverview>(id, ct) ?? new(id, null, []);
        var accounts = await states.FindAsync([.. overview.Accounts.Select(a => a.Account.Id)], ct);
        var today = LocalDay.Of(clock.GetUtcNow(), zone)!.Value;
        var sums = await totals.BetweenAsync([.. accounts.Values], today.From, today.To, ct);
        return TypedResults.Json(View(overview, accounts, sums, today, zone), ApiJson.Options);
    }

    private static CustomerOverviewView View(
        CustomerOverview overview, IReadOnlyDictionary<Guid, Account> accounts, IReadOnlyDictionary<Guid, DaySums> sums, LocalDay today,
        string zone)
    {
        var id = PublicId.Format(CustomerStreams.Prefix, overview.Id);
        return new(
            id,
            overview.RegisteredAt,
            new(today.Date, zone, today.From, today.To),
            [.. overview.Accounts.Where(a => accounts.ContainsKey(a.Account.Id)).Select(a => View(a, accounts[a.Account.Id]))],
            [.. accounts.Values.GroupBy(a => a.Currency).OrderBy(c => c.Key.Code, StringComparer.Ordinal).Select(c => View(c, sums))],
            new($"/v1/customers/{id}", $"/v1/accounts?customerId={id}"));
    }

    private static OverviewAccountView View(OverviewAccount found, Account state)
    {
        var account = found.Account;
        return new(
            AccountId.Format(account.Id), account.Number.Value, account.Currency, account.Product, account.Status,
            new(account.DebitFrozen, account.CreditFrozen), Amount.Of(account.OverdraftLimit),
            [.. account.Delegates.Select(d => PublicId.Format(CustomerStreams.Prefix, d))], account.OpenedAt, found.ClosedAt,
            Amount.Of(state.Balance), Amount.Of(state.Available), state.Version);
    }

    private static OverviewTotalsView View(IGrouping<Currency, Account> accounts, IReadOnlyDictionary<Guid, DaySums> sums)
    {
        var day = accounts.Aggregate(default(DaySums), (sum, a) => sum.With(sums[a.Id]));
        return new(
            accounts.Key.Code,
            Amount.Of(accounts.Aggregate(MoneySum.Zero(accounts.Key), (sum, a) => sum + a.Balance)),
            Amount.OfMinor(day.Credits, accounts.Key),
            Amount.OfMinor(day.Debits, accounts.Key),
            day.Movements);
    }
}
