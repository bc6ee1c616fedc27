using Banking.EventStore.Json;
using Banking.EventStore.Storage;
using Banking.SharedKernel;
using Banking.Web.Http;
using Marten;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Npgsql;
using Wolverine.Http;

namespace Banking.Loyalty.ReadModels;

/// <summary>One account in the list.</summary>
public sealed record PointsListItem(string Account, long Earned, long Redeemed, long Expired);

public static class ListPointsEndpoint
{
    private const string Sql = $"select data from {LoyaltyModule.Schema}.mt_doc_points_overview where id > $1 order by id limit $2";

    [WolverineGet("/v1/loyalty", OperationId = "listPoints")]
    [ListsFrom(PointsOverviewProjection.ModelName)]
    [PageParameters]
    [Tags("Loyalty")]
    [EndpointSummary("List the points that accounts earned and redeemed, and that expired")]
    [EndpointDescription("Lists the accounts that have points.")]
    [Authorize(Policies.ReadBooks)]
    [Problems("malformed_filter")]
    [ProducesResponseType<Page<PointsListItem>>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(NpgsqlDataSource source, IDocumentStore store, HttpContext http)
    {
        var (paging, after, problem) = Paging.ReadIds(http.Request, Guid.Empty);

        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        var found = await source.ListAsync(
            Sql,
            [after, paging!.Limit + 1],
            row => store.Options.Serializer().FromJson<PointsOverview>(row, 0),
            http.RequestAborted);
        var page = Page<PointsOverview>.Of(found, paging, p => p.Id.ToString("N"));
        return TypedResults.Json(
            new Page<PointsListItem>(
                [.. page.Items.Select(p => new PointsListItem(PublicId.Format("acc", p.Account), p.Earned, p.Redeemed, p.Expired))],
                page.NextCursor),
            ApiJson.Options);
    }
}
