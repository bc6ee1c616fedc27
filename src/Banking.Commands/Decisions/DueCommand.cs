using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Banking.EventStore.Callers;

namespace Banking.Commands.Decisions;

/// <summary>A command that a decision asks for at a later time of the bank's clock (ADR 0034).</summary>
/// <param name="Id">Names this wait for ever: the key of the command follows from it. The id of the event that began the wait will
/// do.</param>
/// <param name="Operation">The name under which a module handles the command; stored.</param>
/// <param name="DueAt">Not before this.</param>
/// <param name="Command">The command, as a record of the module.</param>
public sealed record DueCommand(Guid Id, string Operation, DateTimeOffset DueAt, object Command);

/// <summary>A row of the due table.</summary>
/// <param name="Command">The command as JSON.</param>
/// <param name="Cause">The event that began the wait; null where there was none.</param>
/// <param name="Attempts">How often it was tried, this time included.</param>
internal sealed record DueRow(
    Guid Id, string Operation, DateTimeOffset DueAt, string Command, string CorrelationId, Guid? Cause, int Attempts = 0)
{
    /// <summary>The bank itself, when a wait is over.</summary>
    private static readonly Caller Clock = new("service:banking", Roles.Service, null, Channels.Clock);

    public static DueRow Of(DueCommand due, CommandContext context, Guid? cause) => new(
        due.Id, due.Operation, due.DueAt, JsonSerializer.Serialize(due.Command, due.Command.GetType(), CommandData.Json),
        context.CorrelationId, cause);

    /// <summary>The same for each attempt, on whichever host: its receipt lets the command happen once.</summary>
    public CommandContext Context() => new(
        Clock, Operation, $"due-{Id:N}", Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Command))), CorrelationId,
        Cause?.ToString());
}
