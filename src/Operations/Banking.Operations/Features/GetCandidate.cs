using Banking.EventStore.Json;
using Banking.EventStore.Published;
using Banking.Operations.ReadModels;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.ReadModels.Rebuilding;
using Banking.Web.Http;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Operations.Features;

/// <summary>A candidate, and its differences from the active version.</summary>
/// <param name="Rows">The number of rows that differ.</param>
/// <param name="Streams">The number of accounts, customers and other streams with such rows.</param>
/// <param name="Items">The differences by account or other subject, a page of them.</param>
/// <param name="NextCursor">Opaque; absent on the last page.</param>
public sealed record CandidateView(
    GenerationView Candidate, long Rows, long Streams, IReadOnlyList<CandidateDifferenceView> Items, string? NextCursor);

/// <summary>How the rows of an account, or of another subject, differ in one table.</summary>
/// <param name="Account">The account, acc_…; absent if the rows belong to no account.</param>
/// <param name="Stream">The account, customer or other stream, such as cus_…; absent for sums and for the columns of the table.</param>
/// <param name="Rows">The number of rows that differ.</param>
/// <param name="Changes">The values that differ, of the first ten of these rows.</param>
public sealed record CandidateDifferenceView(
    string? Account, string? Stream, string? StreamType, string Table, long Rows, IReadOnlyList<ValueChange> Changes)
{
    internal static CandidateDifferenceView Of(SubjectDifference d, PublicStreams streams)
    {
        var stream = d.Stream is { } id ? streams.Format(d.StreamType, id) : null;
        return new(d.StreamType == "account" ? stream : null, stream, d.StreamType, d.Table, d.Rows, d.Changes);
    }
}

public static class GetCandidateEndpoint
{
    /// <summary>Separates table and subject in a cursor; no name of a table has it.</summary>
    private const char Separator = '/';

    [WolverineGet("/ops/projections/{name}/candidate", OperationId = "getCandidate")]
    [PageParameters]
    [Tags("Operations")]
    [EndpointSummary("Get the newest candidate: its state, its progress, and its differences by account")]
    [EndpointDescription("Gets the newest candidate of a read model with its progress and its differences from the active version.")]
    [Authorize(Policies.Watch)]
    [Problems("projection_not_found", "no_candidate")]
    [ProducesResponseType<CandidateView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(
        string name, Trials trials, CandidateDifferences differences, DifferenceViews views, PublicStreams streams, HttpContext http)
    {
        var (paging, problem) = Paging.Read(http.Request);
        if (problem is not null)
        {
            return new ProblemResult(problem);
        }

        if (!trials.Knows(name))
        {
            return new ProblemResult(ProjectionOperations.NotFound(name));
        }

        if (await trials.NewestAsync(name, http.RequestAborted) is not { } candidate)
        {
            return TryOutProjectionEndpoint.NoCandidate(name);
        }

        (string, string)? after = null;
        if (paging!.After is { } cursor)
        {
            if (cursor.Split(Separator, 2) is not [var table, var subject])
            {
                return new ProblemResult(Paging.Malformed);
            }

            after = (subject, table);
        }

        var totals = await differences.TotalsAsync(name, candidate.Number, http.RequestAborted);
        var items = await differences.PageAsync(name, candidate.Number, after, paging.Limit + 1, http.RequestAborted);
        var page = Page<SubjectDifference>.Of(items, paging, d => $"{d.Table}{Separator}{d.Subject}");
        return TypedResults.Json(
            new CandidateView(
                // The items list the rows of one that differs from the active version.
                candidate.State == GenerationState.Failed
                    ? await views.OfAsync(candidate, http.RequestAborted)
                    : GenerationView.Of(candidate),
                totals.Rows,
                totals.Streams,
                [.. page.Items.Select(d => CandidateDifferenceView.Of(d, streams))],
                page.NextCursor),
            ApiJson.Options);
    }
}
