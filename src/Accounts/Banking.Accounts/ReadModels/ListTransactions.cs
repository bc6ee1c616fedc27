using System.Globalization;
using Banking.Accounts.Domain;
using Banking.Accounts.Views;
using Banking.Commands.Groups;
using Banking.EventStore.Json;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.ReadModels;

/// <summary>Lists of deposits, withdrawals and transfers, the last recorded first.</summary>
public static class ListTransactionsEndpoint
{
    [WolverineGet("/v1/deposits", OperationId = "listDeposits")]
    [PageParameters]
    [TransactionFilters]
    [Tags("Money")]
    [EndpointSummary("List and search deposits")]
    [EndpointDescription(
        "Lists the deposits of the accounts that the caller may see, the last recorded first. All given filters must match. A page may "
        + "have fewer items than its limit although there is a next page.")]
    [Authorize(Policies.Read)]
    [ReadsFrom(EntriesModel.ModelName)]
    [Problems("key_unavailable")]
    [ProducesResponseType<Page<MovementView>>(StatusCodes.Status200OK)]
    public static Task<IResult> GetDeposits(
        TransactionQuery query, TransactionPages pages, StateReader<Account> states, HttpContext http) =>
        ListAsync(http, query, pages, states, MovementKinds.Deposits, MovementKinds.Deposits, (e, account) => MovementOf(http, e, account));

    [WolverineGet("/v1/withdrawals", OperationId = "listWithdrawals")]
    [PageParameters]
    [TransactionFilters]
    [Tags("Money")]
    [EndpointSummary("List and search withdrawals")]
    [EndpointDescription(
        "Lists the withdrawals of the accounts that the caller may see, the last recorded first. All given filters must match. A page may "
        + "have fewer items than its limit although there is a next page.")]
    [Authorize(Policies.Read)]
    [ReadsFrom(EntriesModel.ModelName)]
    [Problems("key_unavailable")]
    [ProducesResponseType<Page<MovementView>>(StatusCodes.Status200OK)]
    public static Task<IResult> GetWithdrawals(
        TransactionQuery query, TransactionPages pages, StateReader<Account> states, HttpContext http) =>
        ListAsync(
            http, query, pages, states, MovementKinds.Withdrawals, MovementKinds.Withdrawals,
            (e, account) => MovementOf(http, e, account));

    [WolverineGet("/v1/transfers", OperationId = "listTransfers")]
    [PageParameters]
    [TransactionFilters]
    [Tags("Money")]
    [EndpointSummary("List and search transfers")]
    [EndpointDescription(
        "Lists the transfers from and to the accounts that the caller may see, the last recorded first. All given filters must match. "
        + "Balance and version are left out of a transfer that is listed as the payee's. A page may have fewer items than its limit "
        + "although there is a next page.")]
    [Authorize(Policies.Read)]
    [ReadsFrom(EntriesModel.ModelName)]
    [ProducesResponseType<Page<TransferView>>(StatusCodes.Status200OK)]
    public static Task<IResult> GetTransfers(
        TransactionQuery query, TransactionPages pages, StateReader<Account> states, HttpContext http) =>
        ListAsync(
            http, query, pages, states, MovementKinds.Transfers, MovementKinds.HalvesOfTransfers,
            (e, account) => TransferOf(http, e, account));

    private static async Task<IResult> ListAsync<T>(
        HttpContext http, TransactionQuery query, TransactionPages pages, StateReader<Account> states,
        IReadOnlyList<EntryKind> kinds, IReadOnlyList<EntryKind> kindsOfAccounts, Func<BookedEntry, Account, T> view)
    {
        var (paging, last, problem) = Paging.ReadNumbers(http.Request, 0);

        var (search, unfit) = problem is null ? await query.ReadAsync(http, kinds, kindsOfAccounts) : (null, problem);
        if (unfit is not null)
        {
            return new ProblemResult(unfit);
        }

        var start = paging!.After is null ? null : await pages.FindAsync(last, search!, http.RequestAborted);
        if (paging.After is not null && start is null)
        {
            return new ProblemResult(Paging.Malformed);
        }

        var (entries, next) = await pages.ReadAsync(search!, start, paging.Limit, http.RequestAborted);
        var accounts = await states.FindAsync([.. entries.Select(e => e.Event.StreamId).Distinct()], http.RequestAborted);
        return TypedResults.Json(
            new Page<T>(
                [.. entries.Select(e => view(e, After(accounts[e.Event.StreamId], e)))],
                next is { } position ? paging.Encode(position.ToString(CultureInfo.InvariantCulture)) : null),
            ApiJson.Options);
    }

    /// <summary>The account right after an entry, as far as an answer shows it.</summary>
    private static Account After(Account account, BookedEntry entry) =>
        account with { Balance = entry.Balance, Version = entry.Event.Version };

    private static MovementView MovementOf(HttpContext http, BookedEntry entry, Account after)
    {
        var (e, reason) = (entry.Event, entry.Event.ReasonFor(http.Caller()));
        return entry.Movement switch
        {
            MoneyDeposited m => MovementView.Of(
                PublicId.Format(MovementId.Deposit, e.Id), m, after, e.Timestamp, m.Details, reason),
            MoneyWithdrawn m => MovementView.Of(
                PublicId.Format(MovementId.Withdrawal, e.Id), m, after, e.Timestamp, m.Details, reason),
            var other => throw new InvalidOperationException($"{other.GetType().Name} is neither a deposit nor a withdrawal."),
        };
    }

    private static TransferView TransferOf(HttpContext http, BookedEntry entry, Account after)
    {
        var (e, reason) = (entry.Event, entry.Event.ReasonFor(http.Caller()));
        return entry.Movement switch
        {
            TransferSent m => TransferView.Of(e.Id, e.StreamId, m, after, e.Timestamp, reason),
            TransferReceived m => TransferView.Of(
                m.TransferId,
                m.From,
                new(m.TransferId, e.StreamId, after.Number, m.Amount, m.EffectiveAt, m.Details),
                null,
                e.Timestamp,
                reason),
            var other => throw new InvalidOperationException($"{other.GetType().Name} is no transfer."),
        };
    }
}
