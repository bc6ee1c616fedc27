using Banking.Accounts.Contracts;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Callers;
using Banking.Notifications.Domain;
using Banking.ReadModels.Comparing;
using Banking.SharedKernel;
using Banking.Web.Commands;
using Microsoft.AspNetCore.Http;
using Wolverine;

namespace Banking.Notifications.Features;

/// <summary>Routes commands on subscriptions to their decisions.</summary>
public sealed class SubscriptionCommands(
    CommandRoute commandRoute,
    CommandGroup<Subscription> group,
    IEnumerable<IStreamAccess> streams,
    IEnumerable<IStreamCurrency> currencies,
    StateReader<Subscription> states,
    TimeProvider clock)
{
    private const int PageSize = 100;

    private readonly IStreamAccess _accounts = streams.Single(s => s.StreamType == "account");
    private readonly IStreamCurrency _currencies = currencies.Single(c => c.StreamType == "account");

    internal Task<IResult> SubscribeAsync(HttpContext http, Func<string, (Subscribe? Command, Refusal? Problem)> read) =>
        commandRoute.HttpAsync(http, SubscribeDecision.Shape, read, SubscribeAsync);

    internal Task<IResult> CancelAsync(HttpContext http, Func<string, (CancelSubscription? Command, Refusal? Problem)> read) =>
        commandRoute.HttpAsync(http, CancelDecision.Shape, read, CancelAsync);

    internal async Task CancelAllAsync(AccountWasClosed closed, Envelope envelope, CancellationToken ct)
    {
        var search = new StateSearch();
        search.AddByData("CAST(d.data ->> 'account' as uuid) = ?", closed.Account);
        search.AddByData("d.data ->> 'cancelledAt' is null");
        var page = await states.ListAsync(search, Guid.Empty, PageSize, ct);
        while (page.Count > 0)
        {
            foreach (var subscription in page)
            {
                var command = new CancelSubscription(
                    $"{closed.Closure:N}-{subscription.Id:N}",
                    PublicId.Format(Subscription.Prefix, subscription.Id),
                    "The account was closed.");
                await commandRoute.BusAsync(command, envelope, CancelDecision.Shape, CancelAsync, ct);
            }

            page = await states.ListAsync(search, page[^1].Id, PageSize, ct);
        }
    }

    private async Task<Outcome> SubscribeAsync(Subscribe command, CommandContext context, CancellationToken ct)
    {
        // A missing account and one of another customer get the same answer.
        if (!PublicId.TryParse("acc", command.Account, out var account) || !await _accounts.MaySeeAsync(context.Caller, account, ct))
        {
            return GroupOutcomes.Rejected(
                context,
                Refusal.NotFound("account_not_found", "There is no such account.", ("account", command.Account)) with
                {
                    Pointer = "#/account",
                });
        }

        // Found, because the account can be seen.
        var currency = command.Minimum is null ? (Currency?)null : await _currencies.FindAsync(account, ct);
        var (id, eventId) = (Ids.Next(clock), Ids.Next(clock));
        return await group.SubmitAsync(
            new(
                context,
                [id],
                _ => null,
                (_, now) => SubscribeDecision.Decide(command, id, account, currency, context.Caller.CustomerId, eventId, now),
                (states, _, _) => Made(states[id]),
                () => CommandData.Of(SubscribeDecision.Shape.Name, command)),
            ct);
    }

    private async Task<Outcome> CancelAsync(CancelSubscription command, CommandContext context, CancellationToken ct)
    {
        if (!PublicId.TryParse(Subscription.Prefix, command.Subscription, out var id))
        {
            return GroupOutcomes.Rejected(context, NotFound);
        }

        var eventId = Ids.Next(clock);
        return await group.SubmitAsync(
            new(
                context,
                [id],
                states => states.Find(id) is { } found && MaySee(context.Caller, found.Customer) ? null : new Decision.Rejected(NotFound),
                (states, now) => CancelDecision.Decide(states[id], eventId, now),
                (states, _, _) => Cancelled(states[id]),
                () => CommandData.Of(CancelDecision.Shape.Name, command)),
            ct);
    }

    /// <summary>Makes the answers again from the log.</summary>
    internal static AnswerRule<Subscription> Answers { get; } =
        new(command => command.First.Data is SubscriptionMade ? Made(command.State) : Cancelled(command.State));

    private static CommandAnswer Made(Subscription subscription) =>
        CommandAnswer.Created(SubscriptionView.Of(subscription), subscription.Id);

    private static CommandAnswer Cancelled(Subscription subscription) =>
        CommandAnswer.Changed(SubscriptionView.Of(subscription), subscription.Id);

    /// <summary>Staff see all subscriptions; customers only their own, even if others use the same account.</summary>
    internal static bool MaySee(Caller caller, Guid? customer) => caller.IsStaff || (customer is not null && customer == caller.CustomerId);

    private static Refusal NotFound => Refusal.NotFound("subscription_not_found", "There is no such subscription.");
}
