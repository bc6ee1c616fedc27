using Banking.Accounts.Domain;
using Banking.Accounts.Lookups;
using Banking.Commands.Approvals;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Callers;
using Banking.EventStore.Sealing;
using Banking.Web.Commands;
using Microsoft.AspNetCore.Http;
using Wolverine;

namespace Banking.Accounts.Features;

/// <summary>Runs commands on existing accounts: from HTTP or the bus to the decision, and back to the answer.</summary>
public sealed class AccountCommands(
    CommandRoute commandRoute,
    BatchRoute batchRoute,
    CommandGroup<Account> group,
    AccountResolver resolver,
    AccountTimelineSource timelines,
    IProposals proposals,
    BackdatingRule rule,
    CarryForwardPolicy carrying,
    SealedTexts texts,
    TimeProvider clock)
{
    /// <summary>Reads a stored command, whose sealed members are opened when they are needed.</summary>
    internal TCommand Read<TCommand>(CommandData command)
        where TCommand : class => command.Read<TCommand>(texts);

    internal Task<IResult> HttpAsync<TCommand>(
        HttpContext http,
        CommandDefinition<TCommand> definition,
        Func<string, (TCommand? Command, Refusal? Problem)> read)
        where TCommand : class
    {
        // The command may outlive its request.
        var isProposed = CommandRequest.IsProposed(http);
        return commandRoute.HttpAsync(
            http, definition.Shape, read,
            (command, context, ct) => RunAsync(
                command, definition, context,
                isProposed ? proposals.Propose(CommandData.Of(definition.Shape.Name, command, texts), context) : null, ct),
            (command, context, ct) => NormalizeAsync(command, definition, context, ct));
    }

    internal Task<CommandReply> BusAsync<TCommand>(
        TCommand command, Envelope envelope, CommandDefinition<TCommand> definition, CancellationToken ct)
        where TCommand : class =>
        commandRoute.BusAsync(
            command, envelope, definition.Shape, (c, context, token) => RunAsync(c, definition, context, step: null, token), ct,
            (c, context, token) => NormalizeAsync(c, definition, context, token));

    /// <param name="route">The route of the single command, which shares its keys with the batch.</param>
    internal Task<IResult> HttpBatchAsync<TRequest, TCommand>(
        HttpContext http,
        string route,
        Batch<TRequest> batch,
        CommandDefinition<TCommand> definition,
        Func<string, TRequest, (TCommand? Command, Refusal? Problem)> read)
        where TCommand : class =>
        batchRoute.HttpAsync(http, route, batch, definition.Shape, read,
            (command, context, ct) => PrepareAsync(
                command, definition, context, new(definition.Accounts(command), resolver), step: null, ct),
            (command, context, ct) => NormalizeAsync(command, definition, context, ct), group);

    /// <summary>Normalizes a command that is not decided: only the receipt of an earlier answer is looked up.</summary>
    private async Task<CommandContext> NormalizeAsync<TCommand>(
        TCommand command, CommandDefinition<TCommand> definition, CommandContext context, CancellationToken ct)
        where TCommand : class
    {
        var accounts = new ReferencedAccounts(definition.Accounts(command), resolver);
        return await accounts.ResolveAsync(ct) is null ? accounts.Normalize(context) : context;
    }

    /// <param name="step">The proposal that the command begins or carries out; null for a command that is sent directly.</param>
    internal async Task<Outcome> RunAsync<TCommand>(
        TCommand command, CommandDefinition<TCommand> definition, CommandContext context, ProposalStep? step, CancellationToken ct)
        where TCommand : class
    {
        for (var again = true; ; again = false)
        {
            var accounts = new ReferencedAccounts(definition.Accounts(command), resolver);
            var prepared = await PrepareAsync(command, definition, context, accounts, step, ct);
            var outcome = prepared.Submission is { } submission
                ? await group.SubmitAsync(submission, ct)
                : GroupOutcomes.Rejected(context, prepared.Refusal!);
            if (!again || !accounts.IsStale)
            {
                return outcome;
            }
        }
    }

    private async Task<PreparedCommand<Account>> PrepareAsync<TCommand>(
        TCommand command, CommandDefinition<TCommand> definition, CommandContext context, ReferencedAccounts accounts,
        ProposalStep? step, CancellationToken ct)
        where TCommand : class
    {
        if (await accounts.ResolveAsync(ct) is { } notFound)
        {
            return new(context, null, notFound);
        }

        context = accounts.Normalize(context);
        if (await texts.FindProblemAsync(definition.Counterparty(command), ct) is { } unavailable)
        {
            return new(context, null, Failures.Unavailable(unavailable));
        }

        var past = definition.EffectiveAt(command) is null
            ? []
            : await ReadTimelinesAsync(definition.IsFirstDebited, accounts.Ids, context.Caller, ct);
        var newIds = new NewIds(Ids.Next(clock), Ids.Next(clock));
        return new(
            context,
            new(
                context,
                accounts.Ids,
                states => accounts.CheckAccess(context.Caller, states),
                (states, now) =>
                    EffectiveTime.CheckAllowed(context.Caller, definition.EffectiveAt(command))
                    ?? carrying.Apply(
                        Decide(
                            command, definition, accounts.SelectFrom(states), newIds, step, rule with { OpenFrom = states.OpenFrom }, now),
                        id => states[id],
                        now),
                (states, events, now) => step?.Answer()
                    ?? AccountAnswers.Of(states[accounts.Ids[0]], events, now, definition.Shape.Reason(command).Text),
                () => CommandData.Of(definition.Shape.Name, command, texts))
            { Past = past, BooksPast = past.Length > 0, Joined = step?.Stream },
            null);
    }

    private static Decision Decide<TCommand>(
        TCommand command, CommandDefinition<TCommand> definition, IReadOnlyList<Account> accounts, NewIds ids, ProposalStep? step,
        BackdatingRule rule, DateTimeOffset now)
        where TCommand : class
    {
        return step is null ? Direct() : step.Decide(ApprovalFacts.BasisOf(accounts), Direct, definition.Address, now);

        Decision Direct() => definition.Decide(command, accounts, ids, now, rule);
    }

    /// <summary>
    /// The start of the timeline that the decision needs of each account. The timelines are read now, so that little is left to read while
    /// the accounts are locked.
    /// </summary>
    private async Task<(Guid Account, DateTimeOffset Since)[]> ReadTimelinesAsync(
        bool isFirstDebited, IReadOnlyList<Guid> ids, Caller caller, CancellationToken ct)
    {
        if (!caller.MaySetEffectiveAt)
        {
            return [];
        }

        var since = rule.ReadFrom(clock.GetUtcNow());
        (Guid Account, DateTimeOffset Since)[] past =
        [
            .. ids.Select(id => (id, isFirstDebited && id == ids[0] ? since : AccountTimeline.NoMovements)),
        ];
        foreach (var (id, from) in past)
        {
            await timelines.ReadAheadAsync(id, from, ct);
        }

        return past;
    }
}
