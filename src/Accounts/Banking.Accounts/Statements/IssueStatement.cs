using Banking.Accounts.Contracts;
using Banking.Accounts.Statements.Domain;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;
using Banking.SharedKernel;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine;
using Wolverine.Http;

namespace Banking.Accounts.Statements;

/// <summary>Issues a statement of a period, which has ended.</summary>
/// <param name="From">The first day, in UTC, such as 2026-10-01.</param>
/// <param name="To">The day after the last day, such as 2026-11-01.</param>
public sealed record IssueStatementRequest(string From, string To);

public static class IssueStatementEndpoint
{
    [WolverinePost("/v1/accounts/{account}/statements", OperationId = "issueStatement")]
    [RunsCommand(IsKeyRequired = true)]
    [Creates("a statement")]
    [Tags("Statements")]
    [EndpointSummary("Issue a statement of a period, or a restatement if its entries changed since")]
    [EndpointDescription("Issues a statement of a period that has ended, or a restatement if its entries have changed since.")]
    [Authorize(Policies.IssueStatements)]
    [Problems(
        "account_not_found", "malformed_date", "malformed_period", "period_not_ended", "period_before_opening", "statement_unchanged",
        "statement_overtaken", "statement_too_long", "too_many_periods", "balance_too_large", "overloaded", "key_unavailable")]
    [ProducesResponseType<StatementView>(StatusCodes.Status201Created)]
    public static Task<IResult> Post(string account, IssueStatementRequest request, StatementCommands commands, HttpContext http) =>
        commands.IssueAsync(http, key => Read(key, account, request));

    private static (IssueStatement? Command, Refusal? Problem) Read(string key, string account, IssueStatementRequest request) =>
        !Exact.TryDay(request.From, out var from) ? (null, NotADay("from"))
        : !Exact.TryDay(request.To, out var to) ? (null, NotADay("to"))
        : (new(key, account, from, to), null);

    private static Refusal NotADay(string member) =>
        Refusal.Invalid("malformed_date", $"{member} must be a day such as 2026-11-17.", "#/" + member);
}

public static class IssueStatementHandler
{
    public static Task<CommandReply> Handle(
        IssueStatement command, Envelope envelope, StatementCommands commands, CancellationToken ct)
    {
        return commands.IssueAsync(command, envelope, ct);
    }
}

internal static class IssueStatementDecision
{
    /// <summary>The version of the formats that new statements are rendered in.</summary>
    private const int Layout = 1;

    internal static readonly CommandShape<IssueStatement> Shape = new(
        "accounts.issue-statement.v1",
        c => c.CommandId,
        _ => (null, null),
        c => c.From < c.To
            ? null
            : Refusal.Invalid("malformed_period", "to is the day after the last day of the period, so it must be after from.", "#/to"));

    /// <summary>
    /// The decision on a request. It may not choose a period as freely as a restatement or a schedule: the state has a line per period.
    /// </summary>
    internal static Decision DecideRequest(
        PreparedStatement prepared, AccountStatements? statements, Guid eventId, StatementLimits limits) =>
        statements?.LastOf(prepared.Content.From, prepared.Content.To) is null
        && CheckNewPeriod(prepared, statements?.Periods.Count ?? 0, limits) is { } refusal
            ? new Decision.Refused(refusal)
            : Decide(prepared, statements, eventId);

    private static Refusal? CheckNewPeriod(PreparedStatement prepared, int periods, StatementLimits limits)
    {
        var opened = DateOnly.FromDateTime(prepared.Account.OpenedAt.UtcDateTime);
        return prepared.Content.From < new DateOnly(opened.Year, opened.Month, 1)
            ? Refusal.RuleBroken(
                "period_before_opening", "The period begins before the month in which the account was opened.",
                ("openedAt", prepared.Account.OpenedAt))
            : periods >= limits.MaxPeriods
            ? Refusal.RuleBroken(
                "too_many_periods", "The account has statements of as many periods as it can have.", ("maxPeriods", limits.MaxPeriods))
            : null;
    }

    internal static Decision Decide(PreparedStatement prepared, AccountStatements? statements, Guid eventId)
    {
        var last = prepared.Entry is null ? statements?.LastOf(prepared.Content.From, prepared.Content.To) : null;
        return (prepared.Entry is null ? CheckPeriod(prepared, last) : null)
            ?? new Decision.Accepted(new NewEvent(
                AccountStatements.IdOf(prepared.Account.Id), eventId, Event(prepared, statements, last, eventId)));
    }

    private static Decision? CheckPeriod(PreparedStatement prepared, IssuedPeriod? last) =>
        (StatementPeriods.Midnight(prepared.Content.To), last) switch
        {
            // Not a refusal, which would be the answer for ever: the same request succeeds when the period has ended.
            var (end, _) when StatementPeriods.StatedFrom(prepared.Content.To) > prepared.KnownAt => new Decision.Rejected(
                Refusal.RuleBroken(
                    "period_not_ended", "A statement can be issued ten seconds after the end of its period, in UTC.", ("endsAt", end))),
            var (end, _) when end <= prepared.Account.OpenedAt => new Decision.Refused(Refusal.RuleBroken(
                "period_before_opening", "The period ended before the account was opened.", ("openedAt", prepared.Account.OpenedAt))),
            (_, { } same) when same.ContentHash == prepared.Content.Hash => new Decision.Refused(Refusal.Conflict(
                "statement_unchanged", "There is a statement of this period, and its entries have not changed since.",
                ("statement", StatementId.Format(same.Statement)))),
            (_, var found) when found?.Statement != prepared.Supersedes => new Decision.Rejected(Refusal.Unavailable(
                "statement_overtaken",
                "Another statement of this period was issued meanwhile. Nothing was done; repeat with the same key.")),
            _ => null,
        };

    private static StatementIssued Event(PreparedStatement prepared, AccountStatements? statements, IssuedPeriod? last, Guid id)
    {
        var content = prepared.Content;
        return new(
            id, prepared.Account.Id, (statements?.Issued ?? 0) + 1, content.From, content.To, prepared.Entry, prepared.KnownAt,
            prepared.Version, content.Opening, content.Closing, content.Entries, content.Hash, Layout, last?.Statement,
            prepared.AddedHash);
    }
}
