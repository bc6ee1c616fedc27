using System.Text.Json;
using Banking.Commands.Decisions;
using Banking.Commands.Receipts;

namespace Banking.Commands.Due;

/// <summary>Handles due commands of one operation.</summary>
public interface IDueHandler
{
    string Operation { get; }

    /// <summary>Submits the command. A recorded outcome ends the wait; any other is retried later.</summary>
    /// <param name="command">The stored command.</param>
    Task<Outcome> RunAsync(string command, CommandContext context, CancellationToken ct);
}

internal sealed class DueHandler<TCommand>(string operation, Func<TCommand, CommandContext, CancellationToken, Task<Outcome>> run)
    : IDueHandler
    where TCommand : class
{
    public string Operation => operation;

    public Task<Outcome> RunAsync(string command, CommandContext context, CancellationToken ct) =>
        run(
            JsonSerializer.Deserialize<TCommand>(command, CommandData.Json)
                ?? throw new JsonException($"A command of {operation} is null."),
            context,
            ct);
}
