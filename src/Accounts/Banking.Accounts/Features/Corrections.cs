using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Lookups;
using Banking.Accounts.ReadModels;
using Banking.Accounts.Views;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.Web.Commands;
using Microsoft.AspNetCore.Http;

namespace Banking.Accounts.Features;

/// <summary>Runs corrections: from the stored transaction to the decision on all its accounts, and back to the answer.</summary>
public sealed class Corrections(
    CommandRoute commandRoute,
    CommandGroup<Account> group,
    AccountResolver resolver,
    AccountTimelineSource timelines,
    TransactionReader transactions,
    TimeProvider clock)
{
    internal Task<IResult> HttpAsync(HttpContext http, Func<string, (CorrectTransaction? Command, Refusal? Problem)> read) =>
        commandRoute.HttpAsync(http, CorrectTransaction.Shape, read, RunAsync, NormalizeAsync);

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
        states => plan.Named.CheckAccess(context.Caller, states)
            // An account of the transaction is missing only if its stream was archived.
            ?? (plan.Accounts.All(id => states.Find(id) is not null) ? null
                : new Decision.Rejected(TransactionReader.NotFound(command.Transaction))),
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

    /// <summary>
    /// Finds the transaction and the accounts, and reads their timelines, so that little is left to read under the locks.
    /// </summary>
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
        var plan = CorrectionPlan.Of(command, corrected, named, newIds);
        foreach (var account in plan.Accounts)
        {
            await timelines.ReadAheadAsync(account, plan.Since, ct);
        }

        return (plan, null);
    }
}

/// <summary>What is known of a correction before its accounts are locked.</summary>
/// <param name="Named">The accounts that the command names.</param>
/// <param name="Accounts">All accounts of the correction; a refusal is listed under the first.</param>
/// <param name="Since">The start of the timelines that the decision needs.</param>
/// <param name="NewIds">Ids for the bookings.</param>
internal sealed record CorrectionPlan(
    BookedTransaction Corrected, ReferencedAccounts Named, RightAccounts Right, IReadOnlyList<Guid> Accounts, DateTimeOffset Since,
    IReadOnlyList<Guid> NewIds)
{
    public static CorrectionPlan Of(
        CorrectTransaction command, BookedTransaction corrected, ReferencedAccounts named, IReadOnlyList<Guid> newIds)
    {
        var right = new RightAccounts(
            named.Find(nameof(command.Account)), named.Find(nameof(command.From)), named.Find(nameof(command.To)));
        var original = corrected.Booking.EffectiveAt;
        return new(
            corrected,
            named,
            right,
            [.. corrected.Booking.Sides.Select(s => s.Account).Concat(named.Ids).Distinct()],
            command.Effective == CorrectionTime.Now ? AccountTimeline.NoMovements
                : command.EffectiveAt < original ? command.EffectiveAt.Value
                : original,
            newIds);
    }

    public Decision Decide(CorrectTransaction command, IReadOnlyDictionary<Guid, Account> accounts, DateTimeOffset now) =>
        CorrectionDecision.Decide(command, Corrected, Right, accounts, NewIds, now);
}
