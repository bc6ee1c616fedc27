using Banking.Approvals.Domain;
using Banking.Approvals.Features;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Json;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Approvals.ReadModels;

/// <summary>A refused attempt to decide a proposal.</summary>
/// <param name="Operation">The request, such as an approval.</param>
/// <param name="Version">The version of the proposal that the decision saw.</param>
public sealed record RefusedAttemptView(
    string Id, string Operation, string Code, string Detail, string Actor, long Version, DateTimeOffset RecordedAt)
{
    internal static RefusedAttemptView Of(RecordedRefusal r) => new(
        PublicId.Format("ref", r.Id), r.Operation, r.Code, r.Detail, r.Actor, r.StreamVersion, r.RecordedAt);
}

public static class GetRefusedAttemptsEndpoint
{
    [WolverineGet("/v1/proposals/{proposal}/refusals", OperationId = "listRefusedAttempts")]
    [PageParameters]
    [Tags("Approvals")]
    [EndpointSummary("List refused attempts to decide a proposal, newest first")]
    [EndpointDescription("Lists the attempts to approve, reject or withdraw a proposal that were refused, newest first.")]
    [Authorize(Policies.ReadProposals)]
    [Problems("proposal_not_found")]
    [ProducesResponseType<Page<RefusedAttemptView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(string proposal, StateReader<Proposal> states, RefusalReader stored, HttpContext http)
    {
        var (paging, before, problem) = Paging.ReadIds(http.Request, Guid.AllBitsSet);
        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        if (!PublicId.TryParse(Proposal.Prefix, proposal, out var id) || await states.FindAsync(id, http.RequestAborted) is null)
        {
            return new ProblemResult(ProposalCommands.NotFound);
        }

        var refusals = await stored.ListAsync(
            // The due row of a proposal that ended earlier is refused too; it is no attempt of a person.
            RefusalReader.Select
                + "where (d.data ->> 'streamId')::uuid = $1 and d.id < $2 and d.data ->> 'operation' <> $3 order by d.id desc limit $4",
            [id, before, ExpireProposal.Operation, paging!.Limit + 1],
            http.RequestAborted);
        var page = Page<RecordedRefusal>.Of(refusals, paging, r => r.Id.ToString("N"));
        return TypedResults.Json(
            new Page<RefusedAttemptView>([.. page.Items.Select(RefusedAttemptView.Of)], page.NextCursor), ApiJson.Options);
    }
}
