using Banking.Accounts.Domain;
using Banking.Accounts.Views;
using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.ReadModels;

public static class GetAccountEndpoint
{
    [WolverineGet("/v1/accounts/{account}", OperationId = "getAccount")]
    [HasVersion]
    [MomentParameters]
    [Tags("Accounts")]
    [EndpointSummary("Get an account: now, at a version, or at a past effective and recorded time")]
    [EndpointDescription(
        "Gets an account as it is now, after a version, or at a past moment: what had taken effect by effectiveAt, as the bank knew it "
        + "at knownAt. The account is named by its id or its number.")]
    [Authorize(Policies.Read)]
    [Problems("account_not_found", "account_not_open_yet")]
    [ProducesResponseType<AccountView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        string account, AccountReader reader, HistoricalAccounts history, TimeProvider clock, HttpContext http)
    {
        if (await reader.FindAsync(account, http) is not { } found)
        {
            return new ProblemResult(Visibility.NotFound(account));
        }

        var (moment, problem) = Moment.Read(http.Request, found, clock.GetUtcNow());
        return moment switch
        {
            Moment.Present => new VersionedResult(AccountView.Of(found), found.Version),
            Moment.AtVersion at => await AtVersion(found, at.Version, history, http),
            Moment.AtInstants at => await AtInstants(found, at, history, http),
            _ => new ProblemResult(problem!),
        };
    }

    private static async Task<IResult> AtVersion(Account account, long version, HistoricalAccounts history, HttpContext http) =>
        await history.AtVersionAsync(account, version, http.RequestAborted) is { At.Last: { } last } at
            ? Answer(at.View(last.Timestamp, last.Timestamp))
            : new ProblemResult(Visibility.NotFound(AccountId.Format(account.Id)));

    private static async Task<IResult> AtInstants(
        Account account, Moment.AtInstants moment, HistoricalAccounts history, HttpContext http) =>
        await history.AtAsync(account, moment, http.RequestAborted) is { } at
            ? Answer(at.View(moment.EffectiveAt, moment.KnownAt))
            : new ProblemResult(Refusal.NotFound(
                "account_not_open_yet", "The account was not open at that moment.", ("openedAt", account.OpenedAt)));

    private static JsonHttpResult<AccountView> Answer(AccountView view) => TypedResults.Json(view, ApiJson.Options);
}
