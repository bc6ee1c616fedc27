using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.Platform;
using Banking.Platform.Commands;
using Banking.Platform.Security;
using Microsoft.AspNetCore.Http;
using Wolverine;

namespace Banking.Accounts.Features;

/// <summary>The common way of every command on accounts that exist, from either door to its decision and back.</summary>
public sealed class AccountDesk(
    CommandDoors doors,
    BatchDoor batches,
    CommandGroup<Account> group,
    AccountReferences references,
    AccountPasts pasts,
    BackdatingRule rule,
    TimeProvider clock)
{
    internal Task<IResult> HttpAsync<TCommand>(
        HttpContext http, bool keyRequired, Slice<TCommand> slice, Func<string, (TCommand? Command, Refusal? Problem)> read)
        where TCommand : class =>
        doors.HttpAsync(
            http, keyRequired, slice.Shape, read, (command, context, ct) => RunAsync(command, slice, context, ct),
            (command, context, ct) => InOneSpellingAsync(command, slice, context, ct));

    internal Task<Outcome> BusAsync<TCommand>(TCommand command, Envelope envelope, Slice<TCommand> slice, CancellationToken ct)
        where TCommand : class =>
        doors.BusAsync(
            command, envelope, slice.Shape, (c, context, token) => RunAsync(c, slice, context, token), ct,
            (c, context, token) => InOneSpellingAsync(c, slice, context, token));

    /// <param name="route">The route of the single command: keys are shared with it.</param>
    internal Task<IResult> HttpBatchAsync<TRequest, TCommand>(
        HttpContext http,
        string route,
        Batch<TRequest> batch,
        Slice<TCommand> slice,
        Func<string, TRequest, (TCommand? Command, Refusal? Problem)> read)
        where TCommand : class =>
        batches.HttpAsync(http, route, batch, slice.Shape, read,
            (command, context, ct) => PrepareAsync(command, slice, context, new(slice.Accounts(command), references), ct),
            (command, context, ct) => InOneSpellingAsync(command, slice, context, ct), group);

    /// <summary>Of a command that is not to be decided: only what it was answered before is looked for.</summary>
    private async Task<CommandContext> InOneSpellingAsync<TCommand>(
        TCommand command, Slice<TCommand> slice, CommandContext context, CancellationToken ct)
        where TCommand : class
    {
        var accounts = new NamedAccounts(slice.Accounts(command), references);
        return await accounts.ResolveAsync(ct) is null ? accounts.InOneSpelling(context) : context;
    }

    private async Task<Outcome> RunAsync<TCommand>(TCommand command, Slice<TCommand> slice, CommandContext context, CancellationToken ct)
        where TCommand : class
    {
        for (var again = true; ; again = false)
        {
            var accounts = new NamedAccounts(slice.Accounts(command), references);
            var prepared = await PrepareAsync(command, slice, context, accounts, ct);
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
        TCommand command, Slice<TCommand> slice, CommandContext context, NamedAccounts accounts, CancellationToken ct)
        where TCommand : class
    {
        if (await accounts.ResolveAsync(ct) is { } notFound)
        {
            return new(context, null, notFound);
        }

        context = accounts.InOneSpelling(context);
        var past = slice.EffectiveAt(command) is null ? [] : await ReadPastAsync(slice.Debits, accounts.Ids, context.Caller, ct);
        var newIds = new NewIds(Ids.Next(clock), Ids.Next(clock));
        return new(
            context,
            new(
                context,
                accounts.Ids,
                states => accounts.MayAsk(context.Caller, states),
                (states, now) =>
                    EffectiveTime.NotAllowed(context.Caller, slice.EffectiveAt(command))
                    ?? slice.Decide(command, accounts.In(states), newIds, now, rule),
                (states, now) => slice.Answer(command, accounts.In(states), newIds, now),
                () => CommandData.Of(slice.Shape.Name, command))
            { Past = past },
            null);
    }

    /// <summary>
    /// From when on the decision looks into the past of the accounts: read now, so that little is left to read while they are locked.
    /// </summary>
    private async Task<(Guid Account, DateTimeOffset Since)[]> ReadPastAsync(
        bool firstPays, IReadOnlyList<Guid> ids, Caller caller, CancellationToken ct)
    {
        if (!caller.MaySetEffectiveAt)
        {
            return [];
        }

        var since = rule.ReadFrom(clock.GetUtcNow());
        (Guid Account, DateTimeOffset Since)[] past =
        [
            .. ids.Select(id => (id, firstPays && id == ids[0] ? since : AccountPast.NoMovements)),
        ];
        foreach (var (id, from) in past)
        {
            await pasts.ReadAheadAsync(id, from, ct);
        }

        return past;
    }
}
