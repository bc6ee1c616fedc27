using System.CommandLine;
using Banking.Commands.Operators;
using Banking.ReadModels.Books;
using Banking.ReadModels.Rebuilding;

namespace Banking.Host.Commands;

/// <summary>
/// <c>projections switch NAME --reason TEXT</c> and <c>projections drop NAME --reason TEXT</c>: decide about a candidate. Exit code 0:
/// done; 2: there is no candidate in a state that allows it, and nothing was done.
/// </summary>
internal static class CandidateCommand
{
    public static Command CreateSwitch(string[] settings) => Create(
        settings, "switch", "activates a candidate that was built and waits for a decision", "activated",
        (rebuild, model, action, ct) => rebuild.SwitchAsync(model, action, ct));

    public static Command CreateDrop(string[] settings) => Create(
        settings, "drop", "drops a candidate; the active version stays", "dropped",
        (rebuild, model, action, ct) => rebuild.CancelAsync(model, action, ct));

    private static Command Create(
        string[] settings, string verb, string description, string done,
        Func<Rebuild, ReadModel, OperatorAction, CancellationToken, Task<bool>> run)
    {
        var (name, reason) = (OperatorCommand.Name(), OperatorCommand.Reason(isRequired: true));
        var command = new Command(verb, description) { name, reason };
        command.SetAction(parsed => OfflineCommand.RunAsync(settings, async (services, ct) =>
        {
            if (services.GetServices<ReadModel>().FirstOrDefault(m => m.Name == parsed.GetValue(name)) is not { } model)
            {
                return await OperatorCommand.FailUnknownAsync(services, parsed.GetValue(name)!);
            }

            var action = OperatorCommand.Action(services, verb, parsed.GetValue(reason)!);
            if (!await run(services.GetRequiredService<Rebuild>(), model, action, ct))
            {
                return await OfflineCommand.FailAsync(
                    $"{model.Name}: there is no candidate of version {model.Version} in a state that allows this; "
                        + "projections list shows what there is.");
            }

            Console.WriteLine($"{model.Name}: the candidate was {done}.");
            return 0;
        }));
        return command;
    }
}
