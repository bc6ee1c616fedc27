using Banking.Commands.Decisions;
using Banking.EventStore.Json;
using Banking.EventStore.Log;
using Banking.Publishing.Log;
using Banking.SharedKernel;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Publishing.Feed;

/// <summary>What a consumer must have of an account to have all.</summary>
/// <param name="First">The first published version; absent where nothing was published. Above 1 for an account that was imported: history
/// is no news.</param>
/// <param name="Last">The last published version: as far as the log is complete.</param>
/// <param name="Events">How many events that makes: from first to last, none is missing.</param>
/// <param name="Position">As of this position of the log.</param>
public sealed record CompletenessView(string Account, long? First, long? Last, long Events, long Position);

public static class GetCompletenessEndpoint
{
    [WolverineGet("/v1/feed/completeness")]
    [ReadsCompleteLog]
    [QueryParameter("account", "An account's id, acc_…")]
    [Tags("Publication")]
    [EndpointSummary("Get which events of an account a consumer must have to have all")]
    [Authorize(Policies.ReadFeed)]
    [ProducesResponseType<CompletenessView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(PublicLog log, HighWaterMark mark, HttpContext http)
    {
        var account = http.Request.Query["account"].ToString();
        if (!PublicId.TryParse("acc", account, out var id))
        {
            return new ProblemResult(Problems.Malformed("malformed_account", "account is the id of an account, acc_…"));
        }

        var position = await mark.LookAsync(http.RequestAborted);
        var (first, last) = await log.RangeAsync(id, position, http.RequestAborted);
        return TypedResults.Json(new CompletenessView(account, first, last, last - first + 1 ?? 0, position), ApiJson.Options);
    }
}
