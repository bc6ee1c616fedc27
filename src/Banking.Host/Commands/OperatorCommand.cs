using System.CommandLine;
using Banking.Commands.Decisions;
using Banking.Commands.Operators;
using Banking.EventStore.Appending;
using Banking.EventStore.Callers;
using Banking.ReadModels.Books;
using Banking.ReadModels.Rebuilding;
using Banking.SharedKernel;
using Npgsql;

namespace Banking.Host.Commands;

/// <summary>What the commands for operators share: the reason, the action for the operator log, and messages.</summary>
internal static class OperatorCommand
{
    public static Argument<string> Name() => new("NAME") { Description = "a name from the list" };

    public static Option<string> Reason(bool isRequired)
    {
        var reason = new Option<string>("--reason")
        {
            Description = "the reason, kept in the operator log",
            HelpName = "TEXT",
            Required = isRequired,
        };
        reason.Validators.Add(r =>
        {
            // As strict as a reason over HTTP: it is stored for ever, and others read it.
            if (string.IsNullOrWhiteSpace(r.GetValue(reason)))
            {
                r.AddError("--reason TEXT: give a reason.");
            }
            else if (PlainText.Problem(r.GetValue(reason), Reasons.MaxLength) is { } problem)
            {
                r.AddError($"--reason TEXT: {problem}");
            }
        });
        return reason;
    }

    /// <summary>The action of the user who runs the command.</summary>
    /// <param name="verb">The word after <c>projections</c>, which is also the code of the reason.</param>
    public static OperatorAction Action(IServiceProvider services, string verb, string reason) => new(
        new($"cli:{Environment.UserName}", Roles.Operator, null, "cli"), $"projections {verb}",
        Ids.Next(services.GetRequiredService<TimeProvider>()).ToString("N"), verb, reason);

    /// <summary>Lists the known names.</summary>
    /// <param name="others">Words that are allowed besides the names.</param>
    public static Task<int> FailUnknownAsync(IServiceProvider services, string name, string others = "") => OfflineCommand.FailAsync(
        $"There is no read model '{name}': {string.Join(", ", services.GetRequiredService<Trials>().Names)}{others}.");

    /// <summary>Describes the candidate of a read model, as the reason why another cannot be built.</summary>
    public static async Task<string> DescribeCandidateAsync(IServiceProvider services, string name, CancellationToken ct) =>
        (await Generation.AllAsync(services.GetRequiredService<NpgsqlDataSource>(), ct))
            .FirstOrDefault(g => g.Model == name && GenerationState.IsCandidate(g.State)) switch
        {
            null => "a rebuild or repair of it is running",
            { State: GenerationState.Building } g => $"generation {g.Number} is being built already",
            { State: var state } g =>
                $"generation {g.Number} {(state == GenerationState.Differs ? "differs from" : "equals")} the active one and waits for a "
                    + $"decision: projections switch {name}, or POST /ops/projections/{name}/candidate/switch, activates it; "
                    + $"projections drop {name}, or DELETE /ops/projections/{name}/candidate, drops it",
        };
}
