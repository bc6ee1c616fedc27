using Banking.Platform.Commands;
using Banking.Platform.EventSourcing;
using Banking.Platform.Http;
using Banking.Platform.ReadModels;
using Microsoft.AspNetCore.Http;

namespace Banking.Operations.ReadModels;

/// <summary>What operators ask for, checked: which read model, who asks, and why.</summary>
public sealed class ProjectionDesk(IEnumerable<ReadModel> models)
{
    public ReadModel? Find(string name) => models.FirstOrDefault(m => m.Name == name);

    public static Refusal NotFound(string name) => Refusal.Of("projection_not_found", 404, "There is no such read model.", ("name", name));

    /// <summary>Runs what was asked for, or says what is wrong with the asking.</summary>
    public async Task<IResult> RunAsync(
        string name, string reasonCode, string reason, HttpContext http, Func<ReadModel, OperatorAction, Task<IResult>> run)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(run);
        if (Find(name) is not { } model)
        {
            return new ProblemResult(NotFound(name));
        }

        return Reasons.Problem(reasonCode, reason) is { } problem
            ? new ProblemResult(problem)
            : await run(model, Action(http, reasonCode, reason));
    }

    /// <summary>Who does it, and why.</summary>
    public static OperatorAction Action(HttpContext http, string reasonCode, string reason)
    {
        ArgumentNullException.ThrowIfNull(http);
        return new(http.Caller(), $"{http.Request.Method} {http.Request.Path}", http.TraceId(), reasonCode, reason);
    }
}
