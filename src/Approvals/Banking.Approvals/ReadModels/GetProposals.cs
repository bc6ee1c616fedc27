using Banking.Approvals.Domain;
using Banking.Approvals.Features;
using Banking.Commands.Approvals;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.EventStore.Json;
using Banking.EventStore.Sealing;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Approvals.ReadModels;

public static class GetProposalsEndpoint
{
    [WolverineGet("/v1/proposals", OperationId = "listProposals")]
    [PageParameters]
    [QueryParameter<ProposalStatus>("status", "Only proposals with this status.")]
    [QueryParameter("command", "Only proposals of this command, by its permanent name.")]
    [Tags("Approvals")]
    [EndpointSummary("List proposals, oldest first")]
    [EndpointDescription("Lists proposals of commands, oldest first.")]
    [Authorize(Policies.ReadProposals)]
    [Problems("malformed_filter", "key_unavailable")]
    [ProducesResponseType<Page<ProposalView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> List(
        StateReader<Proposal> states, IEnumerable<IProposable> proposable, SealedMembers texts, HttpContext http)
    {
        var (paging, after, problem) = Paging.ReadIds(http.Request, Guid.Empty);

        var search = new StateSearch();
        problem ??= AddFilters(http.Request.Query, [.. proposable.Select(p => p.Name)], search);
        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var found = await states.ListAsync(search, after, paging!.Limit + 1, http.RequestAborted);
        var page = Page<Proposal>.Of(found, paging, p => p.Id.ToString("N"));
        return TypedResults.Json(
            new Page<ProposalView>([.. page.Items.Select(p => ProposalView.Of(p, texts))], page.NextCursor), ApiJson.Options);
    }

    [WolverineGet("/v1/proposals/{proposal}", OperationId = "getProposal")]
    [HasVersion]
    [Tags("Approvals")]
    [EndpointSummary("Read a proposal")]
    [EndpointDescription("Reads a proposal: the command, its hash, what it relies on, and what became of it.")]
    [Authorize(Policies.ReadProposals)]
    [Problems("proposal_not_found", "key_unavailable")]
    [ProducesResponseType<ProposalView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        string proposal, StateReader<Proposal> states, SealedMembers texts, HttpContext http) =>
        PublicId.TryParse(Proposal.Prefix, proposal, out var id) && await states.FindAsync(id, http.RequestAborted) is { } found
            ? new VersionedResult(ProposalView.Of(found, texts), found.Version)
            : new ProblemResult(ProposalCommands.NotFound);

    private static Refusal? AddFilters(IQueryCollection query, IReadOnlyList<string> commands, StateSearch search)
    {
        if (query.TryGetValue("status", out var status))
        {
            var names = Enum.GetNames<ProposalStatus>().Select(WireNames.Of).ToList();
            if (!names.Contains(status.ToString()))
            {
                return Refusal.Malformed("malformed_filter", $"status is one of {string.Join(", ", names)}.");
            }

            search.AddByData("d.data ->> 'status' = ?", status.ToString());
        }

        if (query.TryGetValue("command", out var command))
        {
            if (!commands.Contains(command.ToString()))
            {
                return Refusal.Malformed("malformed_filter", $"command is one of {string.Join(", ", commands)}.");
            }

            search.AddByData("d.data ->> 'name' = ?", command.ToString());
        }

        return null;
    }
}
