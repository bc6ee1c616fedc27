using Banking.Accounts.Domain;
using Banking.Accounts.Views;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Accounts.ReadModels;

public static class GetAccountEndpoint
{
    [WolverineGet("/v1/accounts/{account}")]
    [Tags("Accounts")]
    [EndpointSummary("Get an account")]
    [Authorize(Policies.Read)]
    [ProducesResponseType<AccountView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(string account, AccountReader reader, HttpContext http) =>
        await reader.FindAsync(account, http) is { } found
            ? new VersionedResult(AccountView.Of(found), found.Version)
            : new ProblemResult(Visibility.NotFound(account));
}
