using Banking.Platform;
using Banking.Platform.Commands;
using Banking.Platform.EventSourcing;
using Banking.Platform.Http;
using Banking.Platform.Projections;
using Banking.Platform.ReadModels;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Banking.Operations.ReadModels;

/// <summary>What operators ask for, checked: which read model, who asks, and why; and what they are shown of it.</summary>
public sealed class ProjectionDesk(
    IEnumerable<ReadModel> models, DocumentModels documents, ProjectionStates projections, NpgsqlDataSource source)
{
    public ReadModel? Find(string name) => models.FirstOrDefault(m => m.Name == name);

    /// <summary>Whether there is a read model of that name, of either kind.</summary>
    public bool Knows(string name) => Find(name) is not null || documents.Find(name) is not null;

    /// <summary>What is answered where something can be done to tables of the bank's own only.</summary>
    private static Refusal NotForDocuments(string name) =>
        Refusal.Of(
            "not_for_documents",
            409,
            "This read model consists of documents of a projection: it can be rebuilt, in place, and resumed.",
            ("name", name));

    public static Refusal NotFound(string name) => Refusal.Of("projection_not_found", 404, "There is no such read model.", ("name", name));

    /// <summary>Runs what was asked for of a read model, or says what is wrong with the asking.</summary>
    public async Task<IResult> RunAsync(
        string name, string reasonCode, string reason, HttpContext http, Func<ReadModel, OperatorAction, Task<IResult>> run,
        Func<DocumentModel, OperatorAction, Task<IResult>>? runDocuments = null)
    {
        ArgumentNullException.ThrowIfNull(run);
        return Find(name) is { } model ? await RunAsync(reasonCode, reason, http, action => run(model, action))
            : documents.Find(name) is not { } projection ? new ProblemResult(NotFound(name))
            : runDocuments is null ? new ProblemResult(NotForDocuments(name))
            : await RunAsync(reasonCode, reason, http, action => runDocuments(projection, action));
    }

    /// <summary>Runs what was asked for where its reason is one.</summary>
    public static async Task<IResult> RunAsync(string reasonCode, string reason, HttpContext http, Func<OperatorAction, Task<IResult>> run)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(run);
        return Reasons.Problem(reasonCode, reason) is { } problem
            ? new ProblemResult(problem)
            : await run(OperatorRequest.Action(http, reasonCode, reason));
    }

    /// <summary>A generation of a read model, the newest where no number is given; null where there is none.</summary>
    public async Task<Generation?> GenerationAsync(string name, int? number, CancellationToken ct) =>
        documents.Find(name) is { } projection
            ? (await projections.OfAsync(projection, ct)).AsGeneration()
            : (await Generation.AllAsync(source, ct)).FirstOrDefault(g => g.Model == name && (number is null || g.Number == number));

    /// <summary>A generation that is there, as an answer.</summary>
    public async Task<IResult> ShowAsync(string name, int? number, HttpContext http, int status = StatusCodes.Status200OK)
    {
        ArgumentNullException.ThrowIfNull(http);
        return TypedResults.Json(
            GenerationView.Of((await GenerationAsync(name, number, http.RequestAborted))!), ApiJson.Options, statusCode: status);
    }
}
