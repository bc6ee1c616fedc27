using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.Publishing.Publishers;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Outbox;

/// <summary>An event that a destination did not take. Later ones of its account wait behind it.</summary>
/// <param name="Attempts">How often it was offered.</param>
/// <param name="Asked">retry or discard, where somebody has asked for it and it is about to happen.</param>
public sealed record DeadLetterView(
    string Destination,
    string Account,
    string EventId,
    string EventType,
    long Position,
    string Cause,
    string Detail,
    DateTimeOffset Since,
    int Attempts,
    string? Asked);

/// <summary>Dead letters of one destination with the same cause.</summary>
public sealed record DeadLetterGroup(string Destination, string Cause, long Accounts, DateTimeOffset Oldest);

/// <summary>What was not taken.</summary>
/// <param name="Items">At most a hundred, the first in the log first.</param>
public sealed record DeadLettersView(IReadOnlyList<DeadLetterGroup> Groups, IReadOnlyList<DeadLetterView> Items)
{
    internal static DeadLetterView Of(BlockedAccount w) => new(
        w.Publisher, PublicId.Format("acc", w.Account), w.EventId, w.EventType, w.Position, w.Cause, w.Detail, w.Since, w.Attempts, w.Release);
}

public static class GetDeadLettersEndpoint
{
    private const int Most = 100;

    [WolverineGet("/ops/dead-letters")]
    [QueryParameter("destination", "Of one destination.")]
    [QueryParameter("cause", "Of one cause.")]
    [QueryParameter("account", "Of one account, acc_…")]
    [Tags("Operations")]
    [EndpointSummary("List events that destinations did not take, grouped by cause")]
    [Authorize(Policies.Watch)]
    [ProducesResponseType<DeadLettersView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(BlockedAccounts waiting, HttpContext http)
    {
        var query = http.Request.Query;
        Guid? account = null;
        if (query.TryGetValue("account", out var text))
        {
            if (!PublicId.TryParse("acc", text.ToString(), out var id))
            {
                return new ProblemResult(Problems.Malformed("malformed_filter", "account is the id of an account, acc_…"));
            }

            account = id;
        }

        string? destination = query["destination"], cause = query["cause"];
        if ((PlainText.Problem(destination, OutboxCommands.LongestText) ?? PlainText.Problem(cause, OutboxCommands.LongestText)) is { } why)
        {
            return new ProblemResult(Problems.Malformed("malformed_filter", why));
        }

        var items = await waiting.RejectedAsync(destination, cause, account, Most, http.RequestAborted);
        var groups = (await waiting.CountAsync(account, http.RequestAborted)).Where(g =>
            g.Cause != BlockedAccounts.HeldCause && (destination is null || g.Publisher == destination) && (cause is null || g.Cause == cause));
        return TypedResults.Json(
            new DeadLettersView(
                [.. groups.Select(g => new DeadLetterGroup(g.Publisher, g.Cause, g.Accounts, g.Oldest))], [.. items.Select(DeadLettersView.Of)]),
            ApiJson.Options);
    }
}
