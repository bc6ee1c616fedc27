using Banking.Commands.Approvals;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Json;
using Banking.EventStore.Versions;
using Banking.Periods.Closing;
using Banking.Periods.Domain;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;

namespace Banking.Periods.Features;

/// <summary>Closes and reopens periods. A reopening is carried out only as an approved proposal (ADR 0067).</summary>
public sealed class PeriodCommands(
    CommandRoute commandRoute, CommandGroup<AccountingPeriods> group, StateReader<AccountingPeriods> states, FirstMonth firstMonth,
    PeriodChecks checks, IProposals proposals, EventSettings versions, TimeProvider clock) : IProposable
{
    /// <summary>From the second attempt on, bookings of the past wait, so that a third is seldom needed.</summary>
    private const int MaxAttempts = 4;

    public string Name => ReopenPeriod.Shape.Name;

    public string Policy => Policies.ClosePeriods;

    public Task<Outcome> RunAsync(CommandData command, CommandContext context, ProposalStep step, CancellationToken ct)
    {
        return ReopenAsync(command.Read<ReopenPeriod>(), context, step, ct);
    }

    internal Task<IResult> CloseAsync(HttpContext http, Func<string, (ClosePeriod? Command, Refusal? Problem)> read) =>
        commandRoute.HttpAsync(http, ClosePeriod.Shape, read, CloseAsync);

    internal Task<IResult> ReopenAsync(HttpContext http, Func<string, (ReopenPeriod? Command, Refusal? Problem)> read)
    {
        // The command may outlive its request.
        var isProposed = CommandRequest.IsProposed(http);
        return commandRoute.HttpAsync(http, ReopenPeriod.Shape, read, (command, context, ct) => ReopenAsync(
            command, context, isProposed ? proposals.Propose(CommandData.Of(Name, command), context) : null, ct));
    }

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
        var first = await firstMonth.ReadAsync(http.RequestAborted);
        var refusal = PeriodDecisions.CheckUpgrade(versions) ?? PeriodDecisions.CheckOrder(periods, month, first, clock.GetUtcNow());
        var seen = refusal is null
            ? await checks.RunAsync(month, await checks.WaitForWritersAsync(http.RequestAborted), http.RequestAborted)
            : null;
        refusal ??= PeriodDecisions.CheckPassed(month, seen!);
        var view = PeriodView.Of(month, periods, seen is null ? null : ClosingView.Of(seen), clock.GetUtcNow());
        return TypedResults.Json(
            view with { Problem = refusal is null ? null : new(refusal.Code, refusal.Detail) }, ApiJson.Options);
    }

    /// <summary>
    /// The first attempt has no checks: it answers a known key, and a month that cannot be closed whatever they say. The checks run while
    /// commands continue. If something was booked in the month meanwhile, only what that changes is read again, while such bookings wait.
    /// </summary>
    private async Task<Outcome> CloseAsync(ClosePeriod command, CommandContext context, CancellationToken ct)
    {
        var month = command.Period();
        var first = await firstMonth.ReadAsync(ct);
        var outcome = await SubmitAsync(null);
        if (!IsRepeated(outcome))
        {
            return outcome;
        }

        // Only now, after the end of the period: a command that begins later is effective after it.
        var seen = await checks.RunAsync(month, await checks.WaitForWritersAsync(ct), ct);
        outcome = await SubmitAsync(seen);
        for (var attempt = 1; attempt < MaxAttempts && IsRepeated(outcome); attempt++)
        {
            await using var gate = await checks.BlockBookingsAsync(ct);
            seen = await checks.LookAgainAsync(month, seen, ct);
            outcome = await SubmitAsync(seen);
        }

        return outcome;

        Task<Outcome> SubmitAsync(CheckedPeriod? closing)
        {
            var eventId = Ids.Next(clock);
            return this.SubmitAsync(
                context, ClosePeriod.Shape, command, month,
                (periods, now) => PeriodDecisions.CheckUpgrade(versions) is { } upgrading
                    ? new Decision.Rejected(upgrading)
                    : PeriodDecisions.Close(periods, month, first, closing, eventId, now),
                step: null,
                ct);
        }
    }

    private static bool IsRepeated(Outcome outcome) => outcome is Outcome.NotRecorded { Refusal.Code: ClosingCheck.Code };

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
            (found, events, now) => step?.Answer() ?? PeriodAnswers.Of(month, found[AccountingPeriods.Stream], events[0].Data, now),
            () => CommandData.Of(shape.Name, command))
        {
            Joined = step?.Stream,
        },
        ct);
}
