using Banking.Accounts.Domain;
using Banking.Accounts.Views;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.SharedKernel;
using Banking.Web.Http;
using JasperFx.Events;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// Deposits, withdrawals and transfers by id. The answer comes from the event itself, so no second copy can disagree with it.
/// </summary>
public static class GetMovementsEndpoint
{
    [WolverineGet("/v1/deposits/{deposit}", OperationId = "getDeposit")]
    [Tags("Money")]
    [EndpointSummary("Get a deposit")]
    [EndpointDescription("Gets a deposit with the balance right after it.")]
    [Authorize(Policies.Read)]
    [Problems("movement_not_found")]
    [ProducesResponseType<MovementView>(StatusCodes.Status200OK)]
    public static Task<IResult> GetDeposit(string deposit, AccountReader reader, HistoricalBalances balances, HttpContext http) =>
        Get<MoneyDeposited>(MovementId.Deposit, deposit, reader, balances, http,
            (e, after) => MovementView.Of(deposit, e.Data, after!, e.Timestamp, e.Data.Details, e.ReasonFor(http.Caller())));

    [WolverineGet("/v1/withdrawals/{withdrawal}", OperationId = "getWithdrawal")]
    [Tags("Money")]
    [EndpointSummary("Get a withdrawal")]
    [EndpointDescription("Gets a withdrawal with the balance right after it.")]
    [Authorize(Policies.Read)]
    [Problems("movement_not_found")]
    [ProducesResponseType<MovementView>(StatusCodes.Status200OK)]
    public static Task<IResult> GetWithdrawal(string withdrawal, AccountReader reader, HistoricalBalances balances, HttpContext http) =>
        Get<MoneyWithdrawn>(MovementId.Withdrawal, withdrawal, reader, balances, http,
            (e, after) => MovementView.Of(withdrawal, e.Data, after!, e.Timestamp, e.Data.Details, e.ReasonFor(http.Caller())));

    [WolverineGet("/v1/transfers/{transfer}", OperationId = "getTransfer")]
    [Tags("Money")]
    [EndpointSummary("Get a transfer")]
    [EndpointDescription("Gets a transfer. The payee does not see the balance of the payer.")]
    [Authorize(Policies.Read)]
    [Problems("movement_not_found")]
    [ProducesResponseType<TransferView>(StatusCodes.Status200OK)]
    public static Task<IResult> GetTransfer(string transfer, AccountReader reader, HistoricalBalances balances, HttpContext http) =>
        Get<TransferSent>(MovementId.Transfer, transfer, reader, balances, http,
            (e, after) => TransferView.Of(e.Id, e.StreamId, e.Data, after, e.Timestamp, e.ReasonFor(http.Caller())),
            payee: e => e.Data.To);

    /// <param name="payee">The account whose users may see the movement too, without the payer's balance.</param>
    private static async Task<IResult> Get<T>(
        string prefix, string text, AccountReader reader, HistoricalBalances balances, HttpContext http,
        Func<IEvent<T>, Account?, object> view, Func<IEvent<T>, Guid>? payee = null)
        where T : class
    {
        if (!PublicId.TryParse(prefix, text, out var id) || await reader.EventAsync<T>(id, http.RequestAborted) is not { } found)
        {
            return NotFound(text);
        }

        if (await reader.FindAsync(AccountId.Format(found.StreamId), http) is not { } account)
        {
            return payee is not null && await reader.FindAsync(AccountId.Format(payee(found)), http) is not null
                ? TypedResults.Json(view(found, null), ApiJson.Options)
                : NotFound(text);
        }

        var (at, version) = await balances.AtVersionAsync(account, found.Version, http.RequestAborted);
        return version < found.Version || at.Last is null
            ? NotFound(text)
            : TypedResults.Json(view(found, account with { Balance = at.Balance.ToMoney(), Version = found.Version }), ApiJson.Options);
    }

    private static ProblemResult NotFound(string id) =>
        new(Refusal.NotFound("movement_not_found", "There is no such movement.", ("id", id)));
}
