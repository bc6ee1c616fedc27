using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Callers;
using Banking.Loyalty.Domain;
using Banking.Loyalty.ReadModels;
using Banking.SharedKernel;
using Banking.Web.Commands;
using Microsoft.AspNetCore.Http;
using Wolverine;

namespace Banking.Loyalty.Features;

/// <summary>Routes commands about points to their decisions.</summary>
public sealed class PointsCommands(
    CommandRoute commandRoute, CommandGroup<PointsAccount> group, IEnumerable<IStreamAccess> streams, TimeProvider clock)
{
    private readonly IStreamAccess _accounts = streams.Single(s => s.StreamType == "account");

    /// <summary>The account with that public id; null if it does not exist or the caller may not see it.</summary>
    internal async Task<Guid?> FindAsync(string account, Caller caller, CancellationToken ct) =>
        PublicId.TryParse("acc", account, out var id) && await _accounts.MaySeeAsync(caller, id, ct) ? id : null;

    internal Task<IResult> RedeemAsync(HttpContext http, Func<string, RedeemPoints> read) =>
        commandRoute.HttpAsync(http, RedeemPointsDecision.Shape, key => (read(key), null), RedeemAsync);

    internal Task EarnAsync(EarnPoints command, Envelope envelope, CancellationToken ct) =>
        commandRoute.BusAsync(command, envelope, EarnPointsDecision.Shape, EarnAsync, ct);

    /// <summary>Expires points whose lifetime has ended by the bank's clock.</summary>
    internal Task<Outcome> ExpireAsync(ExpirePoints command, CommandContext context, CancellationToken ct)
    {
        var (id, eventId) = (PointsAccount.IdOf(command.Account), Ids.Next(clock));
        return group.SubmitAsync(
            new(
                context,
                [id],
                _ => null,
                (states, now) => ExpirePoints.Decide(command, states[id], eventId, now),
                (states, _, _) => CommandAnswer.Changed(PointsView.Of(states[id]), id),
                () => CommandData.Of(ExpirePoints.Operation, command)),
            ct);
    }

    private async Task<Outcome> RedeemAsync(RedeemPoints command, CommandContext context, CancellationToken ct)
    {
        if (await FindAsync(command.Account, context.Caller, ct) is not { } account)
        {
            return GroupOutcomes.Rejected(context, PointsView.NotFound);
        }

        var (id, eventId) = (PointsAccount.IdOf(account), Ids.Next(clock));
        return await group.SubmitAsync(
            new(
                context,
                [id],
                states => states.Find(id) is null ? new Decision.Rejected(PointsView.NotFound) : null,
                (states, now) => RedeemPointsDecision.Decide(command, states[id], eventId, now),
                (states, _, _) => CommandAnswer.Changed(PointsView.Of(states[id]), id),
                () => CommandData.Of(RedeemPointsDecision.Shape.Name, command)),
            ct);
    }

    private Task<Outcome> EarnAsync(EarnPoints command, CommandContext context, CancellationToken ct)
    {
        var (id, eventId) = (PointsAccount.IdOf(command.Account), Ids.Next(clock));
        return group.SubmitAsync(
            new(
                context,
                [id],
                _ => null,
                (_, now) => EarnPointsDecision.Decide(command, eventId, now),
                (states, _, _) => CommandAnswer.Changed(PointsView.Of(states[id]), id),
                // No rule refuses earned points, so no command data is stored.
                Data: null),
            ct);
    }
}
