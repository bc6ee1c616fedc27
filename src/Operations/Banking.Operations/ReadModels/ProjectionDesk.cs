using Banking.Platform;
using Banking.Platform.Commands;
using Banking.Platform.EventSourcing;
using Banking.Platform.Http;
using Banking.Platform.ReadModels;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Banking.Operations.ReadModels;

/// <summary>What operators ask for, checked: which read model, who asks, and why; and what they are shown of it.</summary>
public sealed class ProjectionDesk(IEnumerable<ReadModel> models, NpgsqlDataSource source)
{
    public ReadModel? Find(string name) => models.FirstOrDefault(m => m.Name == name);

    public static Refusal NotFound(string name) => Refusal.Of("projection_not_found", 404, "There is no such read model.", ("name", name));

    /// <summary>Runs what was asked for of a read model, or says what is wrong with the asking.</summary>
    public async Task<IResult> RunAsync(
        string name, string reasonCode, string reason, HttpContext http, Func<ReadModel, OperatorAction, Task<IResult>> run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return Find(name) is { } model ? await RunAsync(reasonCode, reason, http, action => run(model, action)) : new ProblemResult(NotFound(name));
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
        (await Generation.AllAsync(source, ct)).FirstOrDefault(g => g.Model == name && (number is null || g.Number == number));

    /// <summary>A generation that is there, as an answer.</summary>
    public async Task<IResult> ShowAsync(string name, int? number, HttpContext http, int status = StatusCodes.Status200OK)
    {
        ArgumentNullException.ThrowIfNull(http);
        return TypedResults.Json(GenerationView.Of((await GenerationAsync(name, number, http.RequestAborted))!), ApiJson.Options, statusCode: status);
    }
}
