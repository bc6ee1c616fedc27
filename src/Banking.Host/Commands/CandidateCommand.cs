using System.CommandLine;
using Banking.Commands.Operators;
using Banking.ReadModels.Documents;
using Banking.ReadModels.Rebuilding;

namespace Banking.Host.Commands;

/// <summary>
/// <c>projections switch NAME --reason TEXT</c> and <c>projections drop NAME --reason TEXT</c>: decide about a candidate. Exit code 0:
/// done; 2: there is no candidate in a state that allows it, and nothing was done.
/// </summary>
internal static class CandidateCommand
{
    public static Command CreateSwitch(string[] settings) => Create(
        settings, "switch", "activates a candidate that was built and waits for a decision", SwitchAsync);

    public static Command CreateDrop(string[] settings) => Create(
        settings, "drop", "drops a candidate; the active version stays", DropAsync);

    private static Command Create(
        string[] settings, string verb, string description,
        Func<IServiceProvider, string, OperatorAction, CancellationToken, Task<int>> run)
    {
        var (name, reason) = (OperatorCommand.Name(), OperatorCommand.Reason(isRequired: true));
        var command = new Command(verb, description) { name, reason };
        command.SetAction(parsed => OfflineCommand.RunAsync(settings, async (services, ct) =>
            services.GetRequiredService<Trials>().Knows(parsed.GetValue(name)!)
                ? await run(
                    services, parsed.GetValue(name)!, OperatorCommand.Action(services, verb, parsed.GetValue(reason)!), ct)
                : await OperatorCommand.FailUnknownAsync(services, parsed.GetValue(name)!)));
        return command;
    }

    private static async Task<int> SwitchAsync(IServiceProvider services, string name, OperatorAction action, CancellationToken ct)
    {
        switch (await services.GetRequiredService<Trials>().SwitchAsync(name, action, ct))
        {
            case SwitchOutcome.NoCandidate:
                return await FailAsync(name);
            case SwitchOutcome.OtherVersion:
                return await OfflineCommand.FailAsync($"{name}: the candidate is of another version than this program.");
            case SwitchOutcome.NotReady:
                return await OfflineCommand.FailAsync($"{name}: the candidate is being built or compared, or a rebuild is running.");
            default:
                if (services.GetRequiredService<DocumentModels>().Find(name) is { } documents)
                {
                    // The switch requested a rebuild: run it here, or wait for the host that does.
                    await services.GetRequiredService<ProjectionRunners>().CatchUpAsync([documents], ct);
                }

                Console.WriteLine($"{name}: the candidate was activated.");
                return 0;
        }
    }

    private static async Task<int> DropAsync(IServiceProvider services, string name, OperatorAction action, CancellationToken ct)
    {
        if (!await services.GetRequiredService<Trials>().DropAsync(name, action, ct))
        {
            return await FailAsync(name);
        }

        Console.WriteLine($"{name}: the candidate was dropped.");
        return 0;
    }

    private static Task<int> FailAsync(string name) =>
        OfflineCommand.FailAsync($"{name}: there is no candidate; projections list shows what there is.");
}
