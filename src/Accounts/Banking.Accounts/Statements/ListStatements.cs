using System.Globalization;
using Banking.Accounts.Domain;
using Banking.Accounts.ReadModels;
using Banking.Accounts.Statements.Domain;
using Banking.Commands.Groups;
using Banking.EventStore.Json;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.Statements;

public static class ListStatementsEndpoint
{
    [WolverineGet("/v1/accounts/{account}/statements", OperationId = "listStatements")]
    [PageParameters]
    [Tags("Statements")]
    [EndpointSummary("List the statements of an account, the newest first")]
    [EndpointDescription("Lists the statements of an account, the newest first. A restatement names the statement that it replaces.")]
    [Authorize(Policies.Read)]
    [Problems("account_not_found")]
    [ProducesResponseType<Page<StatementView>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        string account, AccountReader reader, StateReader<AccountStatements> states, HttpContext http)
    {
        if (await reader.FindAsync(account, http) is not { } found)
        {
            return new ProblemResult(Visibility.NotFound(account));
        }

        var (paging, before, problem) = Paging.ReadNumbers(http.Request, long.MaxValue);
        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var stream = AccountStatements.IdOf(found.Id);
        var version = (await states.FindAsync(stream, http.RequestAborted))?.Version ?? 0;
        var statements = await NewestAsync(reader, stream, Math.Min(before, version + 1), paging!.Limit + 1, http.RequestAborted);
        var page = Page<(long Version, StatementView View)>.Of(
            statements, paging, s => s.Version.ToString(CultureInfo.InvariantCulture));
        return TypedResults.Json(new Page<StatementView>([.. page.Items.Select(s => s.View)], page.NextCursor), ApiJson.Options);
    }

    /// <summary>Reads the stream backwards from before a version. Few of its events are not statements.</summary>
    private static async Task<List<(long Version, StatementView View)>> NewestAsync(
        AccountReader reader, Guid stream, long before, int limit, CancellationToken ct)
    {
        var found = new List<(long, StatementView)>();
        while (before > 1 && found.Count < limit)
        {
            var from = Math.Max(1, before - limit);
            var events = await reader.EventsAsync(stream, before - 1, from, ct);
            found.AddRange(events.Reverse().Select(e => (e.Version, e.Data)).Where(e => e.Data is StatementIssued)
                .Select(e => (e.Version, StatementView.Of((StatementIssued)e.Data))));
            before = from;
        }

        return [.. found.Take(limit)];
    }
}
