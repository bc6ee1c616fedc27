using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Banking.EventStore.Callers;

namespace Banking.Commands.Decisions;

/// <summary>A command that a decision schedules for a later time of the bank's clock (ADR 0034).</summary>
/// <param name="Id">Permanent id of this wait; the idempotency key of the command is derived from it. The id of the event that began the
/// wait is suitable.</param>
/// <param name="Operation">Name under which a module handles the command; stored.</param>
/// <param name="DueAt">Earliest time at which the command is decided.</param>
/// <param name="Command">The command, a record of the module.</param>
public sealed record DueCommand(Guid Id, string Operation, DateTimeOffset DueAt, object Command)
{
    /// <summary>The idempotency key of the command.</summary>
    public string Key => KeyOf(Id);

    internal static string KeyOf(Guid id) => $"due-{id:N}";
}

/// <summary>A row of the due table.</summary>
/// <param name="Command">The command as JSON.</param>
/// <param name="Cause">The event that began the wait; null where there was none.</param>
/// <param name="Attempts">Number of attempts, including this one.</param>
internal sealed record DueRow(
    Guid Id, string Operation, DateTimeOffset DueAt, string Command, string CorrelationId, Guid? Cause, int Attempts = 0)
{
    /// <summary>The caller of due commands: the bank itself.</summary>
    private static readonly Caller Clock = new("service:banking", Roles.Service, null, Channels.Clock);

    public static DueRow Of(DueCommand due, CommandContext context, Guid? cause) => new(
        due.Id, due.Operation, due.DueAt, TextOf(due.Command),
        context.CorrelationId, cause);

    /// <summary>The command as JSON.</summary>
    public static string TextOf(object command) => JsonSerializer.Serialize(command, command.GetType(), CommandData.Json);

    /// <summary>
    /// The context of the command. It is the same for each attempt on every host, so that the receipt makes the command happen once.
    /// </summary>
    public CommandContext Context() => new(
        Clock, Operation, DueCommand.KeyOf(Id), Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Command))), CorrelationId,
        Cause?.ToString());
}
