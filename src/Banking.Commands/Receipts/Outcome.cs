using Banking.Commands.Decisions;

namespace Banking.Commands.Receipts;

/// <summary>What became of a command. Each channel makes its answer from it (<see cref="CommandReply"/>).</summary>
public abstract record Outcome
{
    private Outcome()
    {
    }

    /// <summary>Whether the answer is stored: the key is used, and each repeat gets the same answer.</summary>
    public bool IsRecorded => this is not NotRecorded;

    /// <summary>Whether the same command may succeed a moment later.</summary>
    public bool CanRetry => this is NotRecorded { Refusal.CanRetry: true };

    /// <summary>The command is accepted, and its events and its receipt are stored.</summary>
    /// <param name="View">What the receipt shows.</param>
    /// <param name="Position">A position of the log that includes all events of the command; null if it has none.</param>
    public sealed record Accepted(object View, Receipt Receipt, long? Position) : Outcome;

    /// <summary>A business rule refused the command. The refusal and its receipt are stored.</summary>
    public sealed record Refused(Refusal Refusal, Receipt Receipt) : Outcome;

    /// <summary>An earlier command with this key was answered. The caller gets that answer, byte for byte; once it has expired, the status
    /// and the resource as it is now.</summary>
    /// <param name="Position">A position of the log that includes all events of the command; null for a refusal.</param>
    public sealed record Replayed(Receipt Receipt, long? Position) : Outcome;

    /// <summary>
    /// No receipt: there was nothing to decide on, the bank failed, or the commit got no answer (<see cref="RefusalKind.InDoubt"/>).
    /// </summary>
    public sealed record NotRecorded(Refusal Refusal, string CorrelationId) : Outcome;
}
