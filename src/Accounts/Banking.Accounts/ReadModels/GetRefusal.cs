using Banking.Accounts.Domain;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.EventStore.Json;
using Banking.EventStore.Sealing;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.ReadModels;

public static class GetRefusalEndpoint
{
    /// <summary>As in the list of an account, only staff see refused corrections.</summary>
    private const string ById =
        RefusalReader.Select + "where d.id = $1 and ($2 or d.data -> 'command' ->> 'type' is distinct from $3)";

    [WolverineGet("/v1/refusals/{refusal}", OperationId = "getRefusal")]
    [Tags("Accounts")]
    [EndpointSummary("Get a refused command, with the facts that the decision saw")]
    [EndpointDescription("Gets a command that was refused, by the id of the refusal. A customer sees refusals of their own accounts.")]
    [Authorize(Policies.Read)]
    [Problems("refusal_not_found", "key_unavailable")]
    [ProducesResponseType<RefusalView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(string refusal, AccountReader reader, RefusalReader stored, SealedMembers texts, HttpContext http)
    {
        var caller = http.Caller();
        return PublicId.TryParse(RefusalId.Prefix, refusal, out var id)
            && await stored.ListAsync(ById, [id, caller.IsStaff, CorrectionOperation.Message], http.RequestAborted) is [var found]
            && (caller.IsStaff || await reader.FindAsync(AccountId.Format(found.StreamId), http) is not null)
            ? TypedResults.Json(RefusalView.Of(found, caller, texts), ApiJson.Options)
            : new ProblemResult(Refusal.NotFound("refusal_not_found", "There is no such refusal.", ("refusal", refusal)));
    }
}
