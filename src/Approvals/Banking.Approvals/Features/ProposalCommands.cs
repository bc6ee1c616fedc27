using System.Security.Claims;
using Banking.Approvals.Domain;
using Banking.Commands.Approvals;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Sealing;
using Banking.SharedKernel;
using Banking.Web.Commands;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;

namespace Banking.Approvals.Features;

/// <summary>
/// Runs commands on proposals. An approval is decided by the group of its command's streams, the others by that of proposals.
/// </summary>
public sealed class ProposalCommands(
    CommandRoute commandRoute, CommandGroup<Proposal> group, StateReader<Proposal> states, JoinedKind<Proposal> streams,
    IEnumerable<IProposable> proposable, IAuthorizationService authorization, SealedMembers texts, TimeProvider clock)
{
    internal static Refusal NotFound => Refusal.NotFound("proposal_not_found", "There is no such proposal.");

    internal Task<IResult> ApproveAsync(HttpContext http, Func<string, (ApproveProposal? Command, Refusal? Problem)> read)
    {
        // The command may outlive its request.
        var user = http.User;
        return commandRoute.HttpAsync(
            http, ApproveProposal.Shape, read, (command, context, ct) => ApproveAsync(command, context, user, ct));
    }

    internal Task<IResult> RejectAsync(HttpContext http, Func<string, (EndProposal? Command, Refusal? Problem)> read) =>
        commandRoute.HttpAsync(http, EndProposal.Rejection, read, (command, context, ct) =>
            EndAsync(command, EndProposal.Rejection, ProposalDecisions.Reject, context, ct));

    internal Task<IResult> WithdrawAsync(HttpContext http, Func<string, (EndProposal? Command, Refusal? Problem)> read) =>
        commandRoute.HttpAsync(http, EndProposal.Withdrawal, read, (command, context, ct) =>
            EndAsync(command, EndProposal.Withdrawal, ProposalDecisions.Withdraw, context, ct));

    internal Task<Outcome> ExpireAsync(ExpireProposal command, CommandContext context, CancellationToken ct)
    {
        var (id, eventId) = (command.Proposal, Ids.Next(clock));
        return group.SubmitAsync(
            new(
                context,
                [id],
                states => states.Find(id) is null ? new Decision.Rejected(NotFound) : null,
                (states, now) => ProposalDecisions.Expire(states[id], eventId, now),
                (states, _, _) => ProposalAnswers.Ended(states[id], texts),
                () => CommandData.Of(ExpireProposal.Operation, command)),
            ct);
    }

    private async Task<Outcome> ApproveAsync(ApproveProposal command, CommandContext context, ClaimsPrincipal user, CancellationToken ct)
    {
        if (!PublicId.TryParse(Proposal.Prefix, command.Proposal, out var id) || await states.FindAsync(id, ct) is not { } proposal)
        {
            return GroupOutcomes.Rejected(context, NotFound);
        }

        var handler = proposable.SingleOrDefault(p => p.Name == proposal.Name)
            ?? throw new InvalidOperationException($"No module of this bank decides {proposal.Name}.");
        if (!(await authorization.AuthorizeAsync(user, handler.Policy)).Succeeded)
        {
            return GroupOutcomes.Rejected(context, Refusal.Of(
                RefusalKind.NotAllowed, "forbidden", "An approver must be allowed to send the command directly."));
        }

        var approver = context.Caller.Actor;
        var step = new ApproveStep(streams.Stream(id), approver, command.CommandHash, Ids.Next(clock), texts);
        var approved = context with
        {
            // The content of the request is the approval; the command's own accounts are not in it.
            Content = null,
            ReasonCode = proposal.ReasonCode,
            ReasonText = proposal.ReasonText,
            Approval = new(command.Proposal, proposal.ProposedBy, approver),
        };
        return await handler.RunAsync(CommandData.Parse(proposal.Command), approved, step, ct);
    }

    private async Task<Outcome> EndAsync(
        EndProposal command, CommandShape<EndProposal> shape, Func<Proposal, string, Guid, DateTimeOffset, Decision> decide,
        CommandContext context, CancellationToken ct)
    {
        if (!PublicId.TryParse(Proposal.Prefix, command.Proposal, out var id))
        {
            return GroupOutcomes.Rejected(context, NotFound);
        }

        var eventId = Ids.Next(clock);
        return await group.SubmitAsync(
            new(
                context,
                [id],
                states => states.Find(id) is null ? new Decision.Rejected(NotFound) : null,
                (states, now) => decide(states[id], context.Caller.Actor, eventId, now),
                (states, _, _) => ProposalAnswers.Ended(states[id], texts),
                () => CommandData.Of(shape.Name, command)),
            ct);
    }
}
