using System.Net.Mime;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Json;
using Banking.Incoming.Settings;
using Banking.SharedKernel;
using Banking.Web;
using Banking.Web.Commands;
using Banking.Web.Http;
using Wolverine.Runtime;

namespace Banking.Incoming.Receiving;

/// <summary>
/// Decides commands of identified senders: checks that the queue allows the command, reads it as strictly as a request's body, and sends it
/// over the bank's own bus.
/// </summary>
public sealed class IncomingCommands(IReadOnlyList<QueueSettings> queues, IEnumerable<BankModule> modules, IWolverineRuntime runtime)
{
    private const int MaxTextLength = 255;

    private readonly Dictionary<string, BusCommand> _commands =
        modules.SelectMany(m => m.Commands).ToDictionary(c => c.Name, StringComparer.Ordinal);

    /// <summary>Decides the command of a message and returns its recorded answer.</summary>
    /// <exception cref="CommandRejectedException">The command can never be decided.</exception>
    /// <exception cref="CommandPostponedException">The command could not be decided now.</exception>
    internal async Task<CommandReply> DecideAsync(IncomingMessage message, CancellationToken ct)
    {
        var (command, problem) = Read(message);
        if (problem is not null)
        {
            throw new CommandRejectedException(problem.Code, problem.Detail);
        }

        var bus = new MessageBus(runtime) { CorrelationId = message.CorrelationId };
        return await bus.InvokeAsync<CommandReply>(command!, ServiceMessage.Options(message.Service!, message.CausationId), ct);
    }

    /// <summary>Reads the command of a message, or returns why it is not decided.</summary>
    private (object? Command, Problem? Problem) Read(IncomingMessage message)
    {
        var queue = queues.FirstOrDefault(q => q.Name == message.Queue);
        var problem = message.ArrivalProblem
            ?? (message.Service is null ? new Problem("unauthenticated", "The sender is not known.") : null)
            ?? CheckForm(message)
            ?? CheckOperation(queue, message);
        if (problem is not null)
        {
            return (null, problem);
        }

        var (command, malformed) = StrictBody.Parse(message.Body.Span, _commands[message.Type!].Type, ApiJson.Messages);
        return malformed is null
            ? (command, null)
            : (null, new(malformed.Code, malformed.Pointer is null ? malformed.Detail : $"{malformed.Pointer}: {malformed.Detail}"));
    }

    private static Problem? CheckForm(IncomingMessage message)
    {
        if (!IsJson(message.ContentType) || !IsUtf8(message.ContentEncoding))
        {
            return new("unsupported_media_type", "Send application/json in UTF-8, not compressed.");
        }

        return PlainText.Problem(message.CausationId, MaxTextLength) is { } why
            ? new("malformed_causation_id", "The causation id: " + why)
            : null;
    }

    private static bool IsUtf8(string? encoding) =>
        string.IsNullOrEmpty(encoding) || encoding.Equals("utf-8", StringComparison.OrdinalIgnoreCase);

    private static bool IsJson(string? contentType)
    {
        if (contentType is null)
        {
            return false;
        }

        try
        {
            var type = new ContentType(contentType);
            return type.MediaType.Equals(MediaTypeNames.Application.Json, StringComparison.OrdinalIgnoreCase)
                && IsUtf8(type.CharSet);
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private Problem? CheckOperation(QueueSettings? queue, IncomingMessage message)
    {
        if (message.Type is null || !_commands.ContainsKey(message.Type))
        {
            var nearest = _commands.Keys.MinBy(name => Spelling.Distance(name, message.Type ?? ""));
            return new("unknown_command", $"The type of a message is the name of a command, such as {nearest}.");
        }

        return queue?.OperationNames.Contains(message.Type) == true
            ? null
            : new("operation_not_allowed", $"The settings of the queue {message.Queue} do not allow {message.Type}.");
    }
}
