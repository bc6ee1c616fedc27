using Wolverine.Attributes;

namespace Banking.Incoming.Receiving;

/// <summary>
/// A message from outside whose sender was checked when it arrived. This is what is decided, and what a dead letter keeps. A token is not
/// kept.
/// </summary>
/// <param name="Queue">Name of the queue in the settings.</param>
/// <param name="Service">The actor; null if the sender could not be identified.</param>
/// <param name="ArrivalProblem">
/// Why it can never be decided, whatever is mended: its sender is not identified, or its body is too large. The body is not kept then.
/// </param>
[MessageIdentity(StoredName)]
public sealed record IncomingMessage(
    string Queue,
    string? Service,
    Problem? ArrivalProblem,
    string? Type,
    string? ContentType,
    string? ContentEncoding,
    string CorrelationId,
    string? CausationId,
    DateTimeOffset ReceivedAt,
    ReadOnlyMemory<byte> Body)
{
    /// <summary>The permanent name of this kind of message in the bank's storage.</summary>
    internal const string StoredName = "incoming.message.v1";

    /// <summary>Without the content, because messages are logged.</summary>
    public override string ToString() => $"{nameof(IncomingMessage)} of {Service ?? "an unknown sender"} on {Queue}";
}

/// <summary>Why a message is not decided.</summary>
public sealed record Problem(string Code, string Detail);
