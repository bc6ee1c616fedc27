using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.Platform;
using Banking.Platform.Commands;
using Banking.Platform.Security;
using Microsoft.AspNetCore.Http;
using Wolverine;

namespace Banking.Accounts.Features;

/// <summary>The common way of every command on accounts that exist, from either door to its decision and back.</summary>
public sealed class AccountDesk(CommandDoors doors, BatchDoor batches, CommandGroup<Account> group, AccountReferences references, TimeProvider clock)
{
    internal Task<IResult> HttpAsync<TCommand>(
        HttpContext http, bool keyRequired, Slice<TCommand> slice, Func<string, (TCommand? Command, Refusal? Problem)> read)
        where TCommand : class =>
        doors.HttpAsync(http, keyRequired, slice.Shape, read, (command, context, ct) => RunAsync(command, slice, context, ct));

    internal Task<Outcome> BusAsync<TCommand>(TCommand command, Envelope envelope, Slice<TCommand> slice, CancellationToken ct)
        where TCommand : class =>
        doors.BusAsync(command, envelope, slice.Shape, (c, context, token) => RunAsync(c, slice, context, token), ct);

    /// <param name="route">The route of the single command: keys are shared with it.</param>
    internal Task<IResult> HttpBatchAsync<TRequest, TCommand>(
        HttpContext http, string route, Batch<TRequest> batch, Slice<TCommand> slice, Func<string, TRequest, (TCommand? Command, Refusal? Problem)> read)
        where TCommand : class =>
        batches.HttpAsync(http, route, batch, slice.Shape, read, (command, context, ct) => PrepareAsync(command, slice, context, ct), group);

    private async Task<Outcome> RunAsync<TCommand>(TCommand command, Slice<TCommand> slice, CommandContext context, CancellationToken ct)
    {
        var prepared = await PrepareAsync(command, slice, context, ct);
        return prepared.Submission is { } submission
            ? await group.SubmitAsync(submission, ct)
            : GroupOutcomes.Rejected(context, prepared.Refusal!);
    }

    private async Task<PreparedCommand<Account>> PrepareAsync<TCommand>(TCommand command, Slice<TCommand> slice, CommandContext context, CancellationToken ct)
    {
        var named = slice.Accounts(command);
        var ids = new Guid[named.Count];
        for (var i = 0; i < named.Count; i++)
        {
            if (await references.ResolveAsync(named[i].Account, ct) is not { } id)
            {
                return new(context, null, Visibility.NotFound(named[i].Account, named[i].Pointer));
            }

            ids[i] = id;
        }

        var newIds = new NewIds(Ids.Next(clock), Ids.Next(clock));
        Account[] In(States<Account> states) => [.. ids.Select(id => states[id])];
        return new(
            context,
            new(
                context,
                ids,
                states => MayAsk(context.Caller, states, ids, named),
                (states, now) => slice.Decide(command, In(states), newIds, now),
                (states, now) => slice.Answer(command, In(states), newIds, now)),
            null);
    }

    private static Decision.Rejected? MayAsk(
        Caller caller, States<Account> states, Guid[] ids, IReadOnlyList<(string Account, string? Pointer)> named)
    {
        for (var i = 0; i < ids.Length; i++)
        {
            // The same answer whether it is not there or not theirs: an account number must not be a way to ask who banks here.
            if (states.Find(ids[i]) is not { } account || (i == 0 && !caller.CanSee(account)))
            {
                return new(Visibility.NotFound(named[i].Account, named[i].Pointer));
            }
        }

        return null;
    }
}
