namespace Banking.Incoming.Receiving;

/// <summary>A message as it arrived, whichever broker brought it. Other headers of the sender are not read.</summary>
/// <param name="Type">Name of the command.</param>
/// <param name="MessageId">The sender's id of the message; not its idempotency key, which is the command's id.</param>
/// <param name="Authorization">All headers named authorization.</param>
internal sealed record ReceivedMessage(
    string? Type,
    string? ContentType,
    string? ContentEncoding,
    string? MessageId,
    string? CorrelationId,
    string? CausationId,
    IReadOnlyList<string> Authorization,
    ReadOnlyMemory<byte> Body);
