using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Lookups;
using Banking.Accounts.ReadModels;
using Banking.Accounts.Views;
using Banking.Commands.Approvals;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Json;
using Banking.EventStore.Sealing;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;
using Wolverine;

namespace Banking.Accounts.Features;

/// <summary>Runs corrections: from the stored transaction to the decision on all its accounts, and back to the answer.</summary>
public sealed class Corrections(
    CommandRoute commandRoute,
    CommandGroup<Account> group,
    AccountResolver resolver,
    AccountTimelineSource timelines,
    TransactionReader transactions,
    CorrectionPreviews previews,
    IProposals proposals,
    BackdatingRule rule,
    CorrectionApprovalRule approvals,
    CarryForwardPolicy carrying,
    SealedTexts texts,
    TimeProvider clock) : IProposable
{
    public string Name => CorrectTransactionHandler.Shape.Name;

    public string Policy => Policies.ControlAccounts;

    /// <summary>Decides a correction that was proposed.</summary>
    public Task<Outcome> RunAsync(CommandData command, CommandContext context, ProposalStep step, CancellationToken ct)
    {
        return RunAsync(command.Read<CorrectTransaction>(), context, step, ct);
    }


    internal Task<IResult> HttpAsync(HttpContext http, Func<string, (CorrectTransaction? Command, Refusal? Problem)> read) =>
        CommandRequest.IsProposed(http)
            ? commandRoute.HttpAsync(http, CorrectTransactionHandler.Shape, read, ProposeAsync, NormalizeAsync)
            : commandRoute.HttpAsync(http, CorrectTransactionHandler.Shape, read, RunAsync, NormalizeAsync);

    internal Task<CommandReply> BusAsync(CorrectTransaction command, Envelope envelope, CancellationToken ct) =>
        commandRoute.BusAsync(command, envelope, CorrectTransactionHandler.Shape, RunAsync, ct, NormalizeAsync);

    /// <summary>Shows what the command would do. The request must be one that would be decided; its key stays free.</summary>
    internal async Task<IResult> PreviewAsync(HttpContext http, Func<string, (CorrectTransaction? Command, Refusal? Problem)> read)
    {
        var (context, problem) = CommandRequest.Read(http, clock);
        if (context is null || problem is not null)
        {
            return new ProblemResult(problem!);
        }

        var (command, invalid) = read(context.IdempotencyKey);
        command = command is null ? null : CorrectTransactionHandler.Shape.Kept(command);
        if ((invalid ?? CorrectTransactionHandler.Shape.Check(command!)) is { } malformed)
        {
            return new ProblemResult(malformed);
        }

        var (plan, notFound) = await PrepareAsync(command!, http.RequestAborted);
        if (plan is null)
        {
            return new ProblemResult(notFound!);
        }

        using var timelinesInUse = await timelines.ReadAheadAsync(plan.Accounts, plan.Since, http.RequestAborted);
        var (preview, refusal) = await previews.OfAsync(command!, plan, context.Caller, http.RequestAborted);
        return preview is null ? new ProblemResult(refusal!) : TypedResults.Json(preview, ApiJson.Options);
    }

    /// <summary>Normalizes a command that is not decided: only the receipt of an earlier answer is looked up.</summary>
    private async Task<CommandContext> NormalizeAsync(CorrectTransaction command, CommandContext context, CancellationToken ct)
    {
        var accounts = new ReferencedAccounts(CorrectTransactionHandler.References(command), resolver);
        return await accounts.ResolveAsync(ct) is null ? accounts.Normalize(context) : context;
    }

    private Task<Outcome> RunAsync(CorrectTransaction command, CommandContext context, CancellationToken ct) =>
        RunAsync(command, context, step: null, ct);

    private Task<Outcome> ProposeAsync(CorrectTransaction command, CommandContext context, CancellationToken ct) =>
        RunAsync(command, context, proposals.Propose(CommandData.Of(Name, command), context), ct);

    /// <param name="step">The proposal that the command begins or carries out; null for a command that is sent directly.</param>
    private async Task<Outcome> RunAsync(CorrectTransaction command, CommandContext context, ProposalStep? step, CancellationToken ct)
    {
        for (var again = true; ; again = false)
        {
            var (plan, problem) = await PrepareAsync(command, ct);
            if (plan is null)
            {
                return GroupOutcomes.Rejected(context, problem!);
            }

            if (await texts.FindProblemAsync(plan.Corrected.Booking.Details?.Counterparty, ct) is { } unavailable)
            {
                return GroupOutcomes.Rejected(context, Failures.Unavailable(unavailable));
            }

            using var timelinesInUse = await timelines.ReadAheadAsync(plan.Accounts, plan.Since, ct);
            var outcome = await group.SubmitAsync(Submission(command, plan, plan.Named.Normalize(context), step), ct);
            if (!again || !plan.Named.IsStale)
            {
                return outcome;
            }
        }
    }

    private Submission<Account> Submission(
        CorrectTransaction command, CorrectionPlan plan, CommandContext context, ProposalStep? step) => new(
        context,
        plan.Accounts,
        states => plan.CheckAccess(command, context.Caller, states),
        (states, now) => carrying.Apply(
            Decide(command, plan, plan.Accounts.ToDictionary(id => id, id => states[id]), step, states.OpenFrom, now),
            id => states[id],
            now),
        (states, events, now) => step?.Answer() ?? CommandAnswer.Created(
            CorrectionView.Of(plan.Corrected, events, [.. plan.Accounts.Select(id => states[id])], now, command.ReasonCode, command.Reason),
            events[0].StreamId,
            CorrectionPlan.Address(events)),
        () => CommandData.Of(Name, command))
        {
            Past = [.. plan.Accounts.Select(id => (id, plan.Since))],
            BooksPast = command.Effective != CorrectionTime.Now,
            Joined = step?.Stream,
        };

    private Decision Decide(
        CorrectTransaction command, CorrectionPlan plan, IReadOnlyDictionary<Guid, Account> accounts, ProposalStep? step,
        DateTimeOffset? openFrom, DateTimeOffset now)
    {
        var decision = plan.Decide(command, accounts, openFrom, now);
        var basis = plan.Basis(command, decision, accounts, approvals, now);
        return step is not null ? step.Decide(basis, () => decision, CorrectionPlan.Address, now)
            : decision is Decision.Accepted && basis.Reasons.Count > 0 ? new Decision.Refused(Refusal.RuleBroken(
                CorrectionApproval.RequiredCode, "A second person must approve this correction. Propose it.",
                ("transactionId", plan.Corrected.PublicId), ("approvalReasons", basis.Reasons), ("proposeBy", plan.ProposeBy)))
            : decision;
    }

    /// <summary>Finds the transaction, the beginning of its chain, and the accounts.</summary>
    private async Task<(CorrectionPlan? Plan, Refusal? Problem)> PrepareAsync(CorrectTransaction command, CancellationToken ct)
    {
        if (await transactions.FindAsync(command.Transaction, ct) is not { } corrected)
        {
            return (null, TransactionReader.NotFound(command.Transaction));
        }

        var named = new ReferencedAccounts(CorrectTransactionHandler.References(command), resolver);
        if (await named.ResolveAsync(ct) is { } notFound)
        {
            return (null, notFound);
        }

        var newIds = Enumerable.Range(0, CorrectionDecision.MaxBookings).Select(_ => Ids.Next(clock)).ToList();
        var limit = CorrectionTimeLimit.Of(rule, corrected, await FirstAsync(corrected, ct));
        return (CorrectionPlan.Of(command, corrected, named, newIds, limit, clock.GetUtcNow()), null);
    }

    /// <summary>The transaction at the beginning of the chain. Null if its stream was archived.</summary>
    private async Task<BookedTransaction?> FirstAsync(BookedTransaction corrected, CancellationToken ct) =>
        corrected.Root == corrected.Id ? corrected
        : await transactions.FindAsync(TransactionId.Format(corrected.Booking.Kind, corrected.Root, corrected.Root), ct);
}
