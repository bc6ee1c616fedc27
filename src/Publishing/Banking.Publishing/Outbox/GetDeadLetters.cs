using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.EventStore.Published;
using Banking.Publishing.Publishers;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Outbox;

/// <summary>An event that a destination rejected. Later events of its account are blocked.</summary>
/// <param name="Account">The account, acc_…; of an event of something else, such as a proposal, the id of that.</param>
/// <param name="Attempts">The number of delivery attempts.</param>
/// <param name="Asked">retry or discard, if it was requested and is about to happen.</param>
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

/// <summary>Rejected events.</summary>
/// <param name="Items">At most a hundred, in the order of the log.</param>
public sealed record DeadLettersView(IReadOnlyList<DeadLetterGroup> Groups, IReadOnlyList<DeadLetterView> Items)
{
    internal static async Task<IReadOnlyList<DeadLetterView>> ListAsync(
        IReadOnlyList<BlockedAccount> blocked, PublicStreams streams, CancellationToken ct)
    {
        var names = await streams.FormatAsync(blocked.Select(b => b.Account), ct);
        return
        [
            .. blocked.Select(b => new DeadLetterView(
                b.Publisher, names[b.Account], b.EventId, b.EventType, b.Position, b.Cause, b.Detail, b.Since, b.Attempts, b.Release)),
        ];
    }
}

public static class GetDeadLettersEndpoint
{
    private const int MaxItems = 100;

    [WolverineGet("/ops/dead-letters", OperationId = "listDeadLetters")]
    [QueryParameter("destination", "Only dead letters of this destination.")]
    [QueryParameter("cause", "Only dead letters with this cause.")]
    [QueryParameter("account", "Only the dead letter of this account, acc_…, or of what else has events, as the answer names it")]
    [Tags("Operations")]
    [EndpointSummary("List events that destinations rejected, grouped by cause")]
    [EndpointDescription("Lists the events that destinations rejected, grouped by cause.")]
    [Authorize(Policies.Watch)]
    [Problems("malformed_filter")]
    [ProducesResponseType<DeadLettersView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(BlockedAccounts blocked, PublicStreams streams, HttpContext http)
    {
        var query = http.Request.Query;
        Guid? account = null;
        if (query.TryGetValue("account", out var text))
        {
            if (!streams.TryRead(text.ToString(), out var id))
            {
                return new ProblemResult(
                    Refusal.Malformed("malformed_filter", "account must be the id of an account, acc_…, or an id that this list shows."));
            }

            account = id;
        }

        string? destination = query["destination"], cause = query["cause"];
        foreach (var (name, filter) in ((string, string?)[])[("destination", destination), ("cause", cause)])
        {
            if (PlainText.Problem(filter, OutboxCommands.MaxTextLength) is { } why)
            {
                return new ProblemResult(Refusal.Malformed("malformed_filter", $"{name}: {why}"));
            }
        }

        var items = await blocked.ListRejectedAsync(destination, cause, account, MaxItems, http.RequestAborted);
        var groups = (await blocked.CountAsync(account, http.RequestAborted)).Where(g =>
            g.Cause != BlockedAccounts.PausedCause
            && (destination is null || g.Publisher == destination)
            && (cause is null || g.Cause == cause));
        return TypedResults.Json(
            new DeadLettersView(
                [.. groups.Select(g => new DeadLetterGroup(g.Publisher, g.Cause, g.Accounts, g.Oldest))],
                await DeadLettersView.ListAsync(items, streams, http.RequestAborted)),
            ApiJson.Options);
    }
}
