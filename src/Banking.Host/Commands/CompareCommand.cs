using System.CommandLine;
using Banking.Commands.Operators;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.ReadModels.Rebuilding;

namespace Banking.Host.Commands;

/// <summary>
/// <c>projections compare NAME [--keep] [--limit N] [--reason TEXT]</c>: builds a read model from the log with the code of this program,
/// compares it with the version that hosts serve, and lists the differences by account. Readers are not switched. Exit code 0: equal; 1:
/// differences, or it could not be built; 2: nothing was done; 130: stopped.
/// </summary>
internal static class CompareCommand
{
    private const int DefaultLimit = 20;

    public static Command Create(string[] settings)
    {
        var (name, reason) = (OperatorCommand.Name(), OperatorCommand.Reason(isRequired: false));
        var keep = new Option<bool>("--keep") { Description = "keeps the candidate, to be switched to or dropped later" };
        var limit = CommonOptions.Number("--limit", "N", "the number of accounts, or of other subjects, to list", DefaultLimit);
        var command = new Command("compare", "builds a read model with the code of this program and compares it with the active one")
        {
            name,
            keep,
            limit,
            reason,
        };
        command.SetAction(parsed => OfflineCommand.RunAsync(settings, async (services, ct) =>
        {
            var model = parsed.GetValue(name)!;
            if (!services.GetRequiredService<Trials>().Knows(model))
            {
                return await OperatorCommand.FailUnknownAsync(services, model);
            }

            var action = OperatorCommand.Action(
                services, "compare", parsed.GetValue(reason) ?? "compared with the active version before a decision");
            return await RunAsync(services, model, parsed.GetValue(keep), parsed.GetValue(limit), action, ct);
        }));
        return command;
    }

    private static async Task<int> RunAsync(
        IServiceProvider services, string model, bool keep, int limit, OperatorAction action, CancellationToken ct)
    {
        var trials = services.GetRequiredService<Trials>();
        int? number = null;
        var isKept = false;
        try
        {
            await RebuildProgress.ShowAsync(
                services, [model], async () => number = await trials.RunAsync(model, action, ct), ct);
            if (number is null)
            {
                var why = await OperatorCommand.DescribeCandidateAsync(services, model, ct);
                return await OfflineCommand.FailAsync($"{model}: nothing was compared, because {why}.");
            }

            var candidate = (await trials.NewestAsync(model, ct))!;
            isKept = keep && GenerationState.IsWaiting(candidate.State);
            await CandidateReport.WriteAsync(candidate, services.GetRequiredService<CandidateDifferences>(), limit, ct);
            if (isKept)
            {
                Console.WriteLine($"The candidate is kept. {DescribeDecision(model)}");
            }

            return candidate.State == GenerationState.Equal ? 0 : 1;
        }
        finally
        {
            // Not one that a host of this version has taken over meanwhile: it is about to serve.
            await (number is { } built && !isKept
                ? trials.DropAsync(model, action, CancellationToken.None, built, GenerationPurpose.CommandTrial)
                : Task.CompletedTask);
        }
    }

    private static string DescribeDecision(string name) =>
        $"projections switch {name} --reason TEXT activates it, projections drop {name} --reason TEXT drops it. "
            + "The first host of a newer version of the read model activates the candidate of that version by itself.";
}
