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
    [WolverineGet("/v1/accounts/{account}", OperationId = "getAccount")]
    [HasVersion]
    [Tags("Accounts")]
    [EndpointSummary("Get an account")]
    [EndpointDescription("Gets an account as it is now. The account is named by its id or its number.")]
    [Authorize(Policies.Read)]
    [Problems("account_not_found")]
    [ProducesResponseType<AccountView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(string account, AccountReader reader, HttpContext http) =>
        await reader.FindAsync(account, http) is { } found
            ? new VersionedResult(AccountView.Of(found), found.Version)
            : new ProblemResult(Visibility.NotFound(account));
}
