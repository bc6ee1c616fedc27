using Banking.Commands.Decisions;
using Banking.Commands.Operators;
using Banking.EventStore.Json;
using Banking.Operations.ReadModels;
using Banking.ReadModels.Books;
using Banking.ReadModels.Documents;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Banking.Operations.Features;

/// <summary>Checks the read model and the reason of an operator's action, runs it, and answers with the generation.</summary>
public sealed class ProjectionOperations(
    IEnumerable<ReadModel> models, DocumentModels documents, ProjectionStates projections, DifferenceViews differences,
    NpgsqlDataSource source)
{
    public ReadModel? Find(string name) => models.FirstOrDefault(m => m.Name == name);

    /// <summary>Whether a read model with that name exists, of either kind.</summary>
    public bool Exists(string name) => Find(name) is not null || documents.Find(name) is not null;

    /// <summary>The answer to an action that document read models do not support.</summary>
    private static Refusal NotForDocuments(string name) =>
        Refusal.Conflict(
            "not_for_documents",
            "This read model consists of documents: it can only be tried out, rebuilt in place, and resumed.",
            ("name", name));

    public static Refusal NotFound(string name) => Refusal.NotFound("projection_not_found", "There is no such read model.", ("name", name));

    /// <summary>Runs an action on a read model, or answers with the problem of the request.</summary>
    public async Task<IResult> RunAsync(
        string name, string reasonCode, string reason, HttpContext http, Func<ReadModel, OperatorAction, Task<IResult>> run,
        Func<DocumentModel, OperatorAction, Task<IResult>>? runDocuments = null)
    {
        return Find(name) is { } model ? await RunAsync(reasonCode, reason, http, action => run(model, action))
            : documents.Find(name) is not { } projection ? new ProblemResult(NotFound(name))
            : runDocuments is null ? new ProblemResult(NotForDocuments(name))
            : await RunAsync(reasonCode, reason, http, action => runDocuments(projection, action));
    }

    /// <summary>Runs an action on a read model of either kind, or answers with the problem of the request.</summary>
    public async Task<IResult> RunAsync(
        string name, string reasonCode, string reason, HttpContext http, Func<OperatorAction, Task<IResult>> run) =>
        Exists(name) ? await RunAsync(reasonCode, reason, http, run) : new ProblemResult(NotFound(name));

    /// <summary>Runs an action if its reason is valid.</summary>
    public static async Task<IResult> RunAsync(string reasonCode, string reason, HttpContext http, Func<OperatorAction, Task<IResult>> run)
    {
        return Reasons.Problem(reasonCode, reason) is { } problem
            ? new ProblemResult(problem)
            : await run(OperatorRequest.Action(http, reasonCode, reason));
    }

    /// <summary>A generation of a read model, the newest if no number is given; null if it does not exist.</summary>
    public async Task<Generation?> GenerationAsync(string name, int? number, CancellationToken ct) =>
        documents.Find(name) is { } projection
            ? (await projections.OfAsync(projection, ct)).AsGeneration()
            : (await Generation.AllAsync(source, ct)).FirstOrDefault(g => g.Model == name && (number is null || g.Number == number));

    /// <summary>Answers with an existing generation.</summary>
    public async Task<IResult> ShowAsync(string name, int? number, HttpContext http, int status = StatusCodes.Status200OK)
    {
        return TypedResults.Json(
            await differences.OfAsync((await GenerationAsync(name, number, http.RequestAborted))!, http.RequestAborted),
            ApiJson.Options,
            statusCode: status);
    }
}
