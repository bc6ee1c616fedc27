using Banking.Accounts.Domain;
using Banking.Accounts.Views;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.Web.Http;
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
    [Problems("movement_not_found", "key_unavailable")]
    [ProducesResponseType<MovementView>(StatusCodes.Status200OK)]
    public static Task<IResult> GetDeposit(string deposit, MovementReader movements, HttpContext http) =>
        Get(MovementId.Deposit, deposit, movements, http);

    [WolverineGet("/v1/withdrawals/{withdrawal}", OperationId = "getWithdrawal")]
    [Tags("Money")]
    [EndpointSummary("Get a withdrawal")]
    [EndpointDescription("Gets a withdrawal with the balance right after it.")]
    [Authorize(Policies.Read)]
    [Problems("movement_not_found", "key_unavailable")]
    [ProducesResponseType<MovementView>(StatusCodes.Status200OK)]
    public static Task<IResult> GetWithdrawal(string withdrawal, MovementReader movements, HttpContext http) =>
        Get(MovementId.Withdrawal, withdrawal, movements, http);

    [WolverineGet("/v1/transfers/{transfer}", OperationId = "getTransfer")]
    [Tags("Money")]
    [EndpointSummary("Get a transfer")]
    [EndpointDescription("Gets a transfer. The payee does not see the balance of the payer.")]
    [Authorize(Policies.Read)]
    [Problems("movement_not_found")]
    [ProducesResponseType<TransferView>(StatusCodes.Status200OK)]
    public static Task<IResult> GetTransfer(string transfer, MovementReader movements, HttpContext http) =>
        Get(MovementId.Transfer, transfer, movements, http);

    private static async Task<IResult> Get(string prefix, string id, MovementReader movements, HttpContext http) =>
        await movements.FindAsync(prefix, id, http.Caller(), http.RequestAborted) is { } view
            ? TypedResults.Json(view, ApiJson.Options)
            : new ProblemResult(Refusal.NotFound("movement_not_found", "There is no such movement.", ("id", id)));
}
