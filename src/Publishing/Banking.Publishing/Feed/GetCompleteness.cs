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

/// <summary>The versions that a consumer needs to have all published events of an account.</summary>
/// <param name="First">The first published version; absent if nothing was published. Above 1 for an imported account: imported events are
/// not published.</param>
/// <param name="Last">The last published version, up to the high-water mark of the log.</param>
/// <param name="Events">The number of published versions from first to last. A version that is missing belongs to an event that is not
/// published; <c>previousversion</c> skips it.</param>
/// <param name="Position">The position of the log that the answer is valid for.</param>
public sealed record CompletenessView(string Account, long? First, long? Last, long Events, long Position);

public static class GetCompletenessEndpoint
{
    [WolverineGet("/v1/feed/completeness", OperationId = "getCompleteness")]
    [ReadsCompleteLog]
    [QueryParameter("account", "The account's id, acc_…", IsRequired = true)]
    [Tags("Publication")]
    [EndpointSummary("Get the range of published versions of an account, to check that a consumer has all")]
    [EndpointDescription("Gets the range of published versions of an account. A consumer that has all of them has missed nothing.")]
    [Authorize(Policies.ReadFeed)]
    [Problems("malformed_account")]
    [ProducesResponseType<CompletenessView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(PublishedVersions versions, HighWaterMark highWaterMark, HttpContext http)
    {
        var account = http.Request.Query["account"].ToString();
        if (!PublicId.TryParse("acc", account, out var id))
        {
            return new ProblemResult(Refusal.Malformed("malformed_account", "account must be the id of an account, acc_…"));
        }

        var position = await highWaterMark.LookAsync(http.RequestAborted);
        var (first, last, events) = await versions.RangeAsync(id, position, http.RequestAborted);
        return TypedResults.Json(new CompletenessView(account, first, last, events, position), ApiJson.Options);
    }
}
