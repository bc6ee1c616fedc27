using Banking.Commands.Approvals;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Json;
using Banking.Periods.Closing;
using Banking.Periods.Domain;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Banking.Periods.Features;

/// <summary>Closes and reopens periods. A reopening is carried out only as an approved proposal (ADR 0067).</summary>
public sealed class PeriodCommands(
    CommandRoute commandRoute, CommandGroup<AccountingPeriods> group, StateReader<AccountingPeriods> states, PeriodChecks checks,
    IProposals proposals, TimeProvider clock) : IProposable
{
    /// <summary>From the second attempt on, bookings of the past wait, so that a third is seldom needed.</summary>
    private const int MaxAttempts = 5;

    public string Name => ReopenPeriod.Shape.Name;

    public string Policy => Policies.ClosePeriods;

    public Task<Outcome> RunAsync(CommandData command, CommandContext context, ProposalStep step, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(command);
        return ReopenAsync(command.Read<ReopenPeriod>(), context, step, ct);
    }

    internal Task<IResult> CloseAsync(HttpContext http, Func<string, (ClosePeriod? Command, Refusal? Problem)> read) =>
        commandRoute.HttpAsync(http, ClosePeriod.Shape, read, CloseAsync);

    internal Task<IResult> ReopenAsync(HttpContext http, Func<string, (ReopenPeriod? Command, Refusal? Problem)> read) =>
        commandRoute.HttpAsync(http, ReopenPeriod.Shape, read, (command, context, ct) => ReopenAsync(
            command,
            context,
            CommandRequest.IsProposed(http)
                ? proposals.Propose(CommandData.Of(Name, command), context)
                : null,
            ct));

    /// <summary>Shows what closing would do, and stores nothing.</summary>
    internal async Task<IResult> PreviewAsync(HttpContext http, Func<string, (ClosePeriod? Command, Refusal? Problem)> read)
    {
        var (context, problem) = CommandRequest.Read(http, clock);
        if (context is null || problem is not null)
        {
            return new ProblemResult(problem!);
        }

        var (command, invalid) = read(context.IdempotencyKey);
        if ((invalid ?? ClosePeriod.Shape.Check(command!)) is { } malformed)
        {
            return new ProblemResult(malformed);
        }

        var month = command!.Period();
        var periods = await states.FindAsync(AccountingPeriods.Stream, http.RequestAborted);
        var refusal = PeriodDecisions.CheckOrder(periods, month, clock.GetUtcNow());
        var seen = refusal is null
            ? await checks.RunAsync(month, await checks.WaitForWritersAsync(http.RequestAborted), http.RequestAborted)
            : null;
        refusal ??= PeriodDecisions.CheckPassed(month, seen!);
        var view = PeriodView.Of(month, periods, seen is null ? null : ClosingView.Of(seen), clock.GetUtcNow());
        return TypedResults.Json(
            view with { Problem = refusal is null ? null : new(refusal.Code, refusal.Detail) }, ApiJson.Options);
    }

    private async Task<Outcome> CloseAsync(ClosePeriod command, CommandContext context, CancellationToken ct)
    {
        int? open = null;
        for (var attempt = 1; ; attempt++)
        {
            await using var gate = attempt > 1 ? await checks.HoldBookingsAsync(ct) : null;
            var periods = await states.FindAsync(AccountingPeriods.Stream, ct);
            var isInOrder = PeriodDecisions.CheckOrder(periods, command.Period(), clock.GetUtcNow()) is null;
            // Only now, after the end of the period: a command that begins later is effective after it.
            var seen = isInOrder ? await checks.RunAsync(command.Period(), open ??= await checks.WaitForWritersAsync(ct), ct) : null;
            var eventId = Ids.Next(clock);
            var outcome = await SubmitAsync(
                context, ClosePeriod.Shape, command, command.Period(),
                (current, now) => PeriodDecisions.Close(current, command.Period(), seen, eventId, now), step: null, ct);
            if (attempt == MaxAttempts || outcome is not Outcome.NotRecorded { Refusal.Code: ClosingCheck.Code })
            {
                return outcome;
            }
        }
    }

    /// <param name="step">The proposal that the command begins or carries out; null for a command that is sent directly.</param>
    private Task<Outcome> ReopenAsync(ReopenPeriod command, CommandContext context, ProposalStep? step, CancellationToken ct)
    {
        var eventId = Ids.Next(clock);
        return SubmitAsync(context, ReopenPeriod.Shape, command, command.Period(), Decide, step, ct);

        Decision Decide(AccountingPeriods? periods, DateTimeOffset now)
        {
            var decision = PeriodDecisions.Reopen(periods, command.Period(), eventId, now);
            return step is not null ? step.Decide(ReopenPeriod.Basis(periods), () => decision, _ => command.Period().Address, now)
                : decision is not Decision.Accepted ? decision
                : new Decision.Refused(Refusal.RuleBroken(
                    "approval_required", "A second person must approve that a period is reopened. Propose it.",
                    ("month", command.Month), ("approvalReasons", ReopenPeriod.ApprovalReasons),
                    ("proposeBy", $"POST {command.Period().Address}/reopen?{CommandRequest.ProposeParameter}=true")));
        }
    }

    private Task<Outcome> SubmitAsync<TCommand>(
        CommandContext context, CommandShape<TCommand> shape, TCommand command, Month month,
        Func<AccountingPeriods?, DateTimeOffset, Decision> decide, ProposalStep? step, CancellationToken ct)
        where TCommand : class => group.SubmitAsync(
        new(
            context,
            [AccountingPeriods.Stream],
            _ => null,
            (found, now) => decide(found.Find(AccountingPeriods.Stream), now),
            (found, events, now) => step?.Answer() ?? CommandAnswer.Changed(
                PeriodView.Of(
                    month, found[AccountingPeriods.Stream], events[0].Data is PeriodClosed closed ? ClosingView.Of(closed) : null, now),
                AccountingPeriods.Stream),
            () => CommandData.Of(shape.Name, command))
        {
            Joined = step?.Stream,
        },
        ct);
}
