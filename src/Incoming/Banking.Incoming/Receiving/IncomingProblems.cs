using Banking.Commands.Decisions;
using Banking.Web.Http;

namespace Banking.Incoming.Receiving;

/// <summary>The problems of commands by message that no HTTP answer has.</summary>
internal static class IncomingProblems
{
    public static IReadOnlyList<ProblemType> All { get; } =
    [
        new(
            "not_a_service", RefusalKind.NotAllowed, "The token of the message is not of role service, or has no subject.",
            "Use a token of role service."),
        new(
            "authorization_not_accepted", RefusalKind.Malformed,
            "The message has a token, and its queue belongs to one service and reads no tokens.", "Send no header authorization."),
        new(
            "operation_not_allowed", RefusalKind.NotAllowed, "The settings of the queue do not allow the command.",
            "Have the operators allow it."),
        new(
            "unknown_command", RefusalKind.Malformed, "The type of the message is not the name of a command.",
            "Use a name of GET /contracts."),
        new("malformed_actor", RefusalKind.Malformed, "The name of the sender is not one line of text.", "Correct the name."),
        new("malformed_causation_id", RefusalKind.Malformed, "The causation id is not one line of text.", "Correct it, or leave it out."),
        new(
            "command_id_missing", RefusalKind.Malformed, "The command has no CommandId.",
            "Give the command a CommandId of printable ASCII characters."),
    ];
}
