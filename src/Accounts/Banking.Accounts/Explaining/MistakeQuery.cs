using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.Accounts.Statements.Domain;
using Banking.Commands.Decisions;
using Banking.EventStore.Log;
using Banking.SharedKernel;
using Banking.Web.Http;
using JasperFx.Events;
using Microsoft.AspNetCore.Http;

namespace Banking.Accounts.Explaining;

/// <summary>A balance, and what was expected instead.</summary>
/// <param name="Balance">The events of the balance, and the first day to search.</param>
/// <param name="StatedVersion">The version of the account at which the expected balance was stated; null if that is not known.</param>
internal sealed record MistakeQuery(ExplanationQuery Balance, MoneySum Expected, long? StatedVersion)
{
    public static async Task<(MistakeQuery? Query, Refusal? Problem)> ReadAsync(
        HttpRequest request, Account account, MomentReader moments, EventReader events, DateTimeOffset now)
    {
        var (query, problem) = await ExplanationQuery.ReadAsync(request, account, moments, now);
        var (expected, unfit) = SignedAmountQuery.Read(request, "expected", account.Currency);
        var (statedAt, wrong) = InstantQuery.Read(request, "statedAt");
        problem ??= unfit ?? wrong;
        if (problem is null && statedAt > now)
        {
            problem = Refusal.RuleBroken(
                "known_in_future", "statedAt must not be in the future.", ("knownAt", statedAt.Value), ("now", now));
        }

        if (problem is null && request.Query.TryGetValue("statement", out var text))
        {
            return await OfStatementAsync(request, text.ToString(), query!, expected, events);
        }

        problem ??= expected is null
            ? Refusal.Malformed("malformed_filter", "expected is the balance that was expected; or name a statement that has it.")
            : null;
        return problem is not null ? (null, problem) : (new(
            query!, expected!.Value,
            statedAt is { } at ? await moments.VersionAtAsync(account, at, request.HttpContext.RequestAborted) : null), null);
    }

    /// <summary>
    /// Without an expected balance: what is known now of the end of the period, against the closing balance of the statement. With one: the
    /// closing balance against it.
    /// </summary>
    private static async Task<(MistakeQuery?, Refusal?)> OfStatementAsync(
        HttpRequest request, string statement, ExplanationQuery query, MoneySum? expected, EventReader events)
    {
        foreach (var other in (string[])["effectiveAt", "knownAt", "version", "statedAt"])
        {
            if (request.Query.ContainsKey(other))
            {
                return (null, Refusal.Malformed(
                    "malformed_filter", $"{other} cannot be combined with statement, which has its own times."));
            }
        }

        if (!PublicId.TryParse(StatementId.Prefix, statement, out var id))
        {
            return (null, Refusal.Malformed("malformed_filter", "statement is the id of a statement, stm_…."));
        }

        if (await events.FindAsync(id, request.HttpContext.RequestAborted) is not IEvent<StatementIssued> { Data: var issued }
            || issued.Account != query.Account.Id)
        {
            return (null, Refusal.NotFound("statement_not_found", "There is no such statement.", ("statement", statement)));
        }

        if (issued.Entry is not null && expected is null)
        {
            return (null, Refusal.Malformed(
                "malformed_filter",
                "expected is missing: the closing balance of the statement of an entry is the balance at that entry, and cannot differ."));
        }

        var version = issued.Entry ?? (expected is null ? query.Account.Version : issued.AccountVersion);
        var end = issued.Entry is null
            ? new DateTimeOffset(issued.To, TimeOnly.MinValue, TimeSpan.Zero).AddTicks(-1)
            : DateTimeOffset.MaxValue;
        return (new(
            query with { Counted = new(end, version) }, expected ?? MoneySum.Of(issued.Closing),
            expected is null ? issued.AccountVersion : null), null);
    }
}
