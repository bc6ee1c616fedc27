using Banking.Accounts.Domain;
using Banking.Accounts.Lookups;
using Banking.Accounts.ReadModels;
using Banking.Accounts.Views;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Json;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Banking.Accounts.Features;

/// <summary>Runs corrections: from the stored transaction to the decision on all its accounts, and back to the answer.</summary>
public sealed class Corrections(
    CommandRoute commandRoute,
    CommandGroup<Account> group,
    AccountResolver resolver,
    AccountTimelineSource timelines,
    TransactionReader transactions,
    CorrectionPreviews previews,
    BackdatingRule rule,
    TimeProvider clock)
{
    internal Task<IResult> HttpAsync(HttpContext http, Func<string, (CorrectTransaction? Command, Refusal? Problem)> read) =>
        commandRoute.HttpAsync(http, CorrectTransaction.Shape, read, RunAsync, NormalizeAsync);

    /// <summary>Shows what the command would do. The request must be one that would be decided; its key stays free.</summary>
    internal async Task<IResult> PreviewAsync(HttpContext http, Func<string, (CorrectTransaction? Command, Refusal? Problem)> read)
    {
        var (context, problem) = CommandRequest.Read(http, clock);
        if (context is null || problem is not null)
        {
            return new ProblemResult(problem!);
        }

        var (command, invalid) = read(context.IdempotencyKey);
        command = command is null ? null : CorrectTransaction.Shape.Kept(command);
        if ((invalid ?? CorrectTransaction.Shape.Check(command!)) is { } malformed)
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
        var accounts = new ReferencedAccounts(command.References(), resolver);
        return await accounts.ResolveAsync(ct) is null ? accounts.Normalize(context) : context;
    }

    private async Task<Outcome> RunAsync(CorrectTransaction command, CommandContext context, CancellationToken ct)
    {
        for (var again = true; ; again = false)
        {
            var (plan, problem) = await PrepareAsync(command, ct);
            if (plan is null)
            {
                return GroupOutcomes.Rejected(context, problem!);
            }

            using var timelinesInUse = await timelines.ReadAheadAsync(plan.Accounts, plan.Since, ct);
            var outcome = await group.SubmitAsync(Submission(command, plan, plan.Named.Normalize(context)), ct);
            if (!again || !plan.Named.IsStale)
            {
                return outcome;
            }
        }
    }

    private static Submission<Account> Submission(CorrectTransaction command, CorrectionPlan plan, CommandContext context) => new(
        context,
        plan.Accounts,
        states => plan.CheckAccess(command, context.Caller, states),
        (states, now) => plan.Decide(command, plan.Accounts.ToDictionary(id => id, id => states[id]), now),
        (states, events, now) =>
        {
            var view = CorrectionView.Of(
                plan.Corrected, events, [.. plan.Accounts.Select(id => states[id])], now, command.ReasonCode, command.Reason);
            return CommandAnswer.Created(view, events[0].StreamId, $"/v1/transactions/{view.Id}");
        },
        () => CommandData.Of(CorrectTransaction.Shape.Name, command))
    {
        Past = [.. plan.Accounts.Select(id => (id, plan.Since))],
    };

    /// <summary>Finds the transaction, the beginning of its chain, and the accounts.</summary>
    private async Task<(CorrectionPlan? Plan, Refusal? Problem)> PrepareAsync(CorrectTransaction command, CancellationToken ct)
    {
        if (await transactions.FindAsync(command.Transaction, ct) is not { } corrected)
        {
            return (null, TransactionReader.NotFound(command.Transaction));
        }

        var named = new ReferencedAccounts(command.References(), resolver);
        if (await named.ResolveAsync(ct) is { } notFound)
        {
            return (null, notFound);
        }

        var newIds = Enumerable.Range(0, CorrectionDecision.MaxBookings).Select(_ => Ids.Next(clock)).ToList();
        var limit = CorrectionTimeLimit.Of(rule, corrected, await FirstAsync(command, corrected, ct));
        return (CorrectionPlan.Of(command, corrected, named, newIds, limit, clock.GetUtcNow()), null);
    }

    /// <summary>
    /// The transaction at the beginning of the chain, read only for a new effective time. Null if its stream was archived.
    /// </summary>
    private async Task<BookedTransaction?> FirstAsync(CorrectTransaction command, BookedTransaction corrected, CancellationToken ct) =>
        command.EffectiveAt is null || corrected.Root == corrected.Id ? corrected
        : await transactions.FindAsync(TransactionId.Format(corrected.Booking.Kind, corrected.Root, corrected.Root), ct);
}
