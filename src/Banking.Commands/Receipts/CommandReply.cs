using Banking.Commands.Decisions;

namespace Banking.Commands.Receipts;

/// <summary>The answer to a command as HTTP and batches send it, and as the bus returns it.</summary>
/// <param name="Status">The status of HTTP, on every channel.</param>
/// <param name="Body">JSON: the view or the problem document. It is the stored text, or what holds now if that has expired.</param>
/// <param name="Applied">Whether the command changed anything, now or when it was first sent.</param>
/// <param name="Replayed">Whether this answers a repeat of an earlier command with this key.</param>
/// <param name="Position">A position of the log that includes everything in this answer; null for a refusal.</param>
public sealed record CommandReply(
    int Status, string Body, bool Applied, bool Replayed, long? Version = null, long? Position = null, string? Location = null)
{
    public bool IsProblem => HttpStatus.IsProblem(Status);

    /// <summary>
    /// Whether this answer is stored: the command was accepted, or refused by a business rule. Otherwise nothing was stored.
    /// </summary>
    public bool Recorded { get; init; }

    /// <summary>
    /// Whether it is unknown if the command was applied. <see cref="Applied"/> then means nothing; repeating the key finds out.
    /// </summary>
    public bool InDoubt { get; init; }

    public static CommandReply Of(Outcome outcome) => outcome switch
    {
        Outcome.Accepted accepted => Of(accepted.Receipt, accepted.Position, replayed: false),
        Outcome.Refused refused => Of(refused.Receipt, position: null, replayed: false),
        Outcome.Replayed replayed => Of(replayed.Receipt, replayed.Position, replayed: true),
        Outcome.NotRecorded { Refusal: var refusal } none =>
            new(HttpStatus.Of(refusal.Kind), ProblemDocument.Of(refusal, none.CorrelationId), Applied: false, Replayed: false)
            {
                InDoubt = refusal.Kind is RefusalKind.InDoubt,
            },
        _ => throw new InvalidOperationException($"{outcome?.GetType().Name} is no outcome."),
    };

    private static CommandReply Of(Receipt receipt, long? position, bool replayed) =>
        new(
            receipt.Status,
            receipt.Body ?? throw new InvalidOperationException($"The answer of receipt {receipt.Id} was not read."),
            receipt.IsAccepted,
            replayed,
            receipt.Version,
            position,
            receipt.Location)
        { Recorded = true };
}
