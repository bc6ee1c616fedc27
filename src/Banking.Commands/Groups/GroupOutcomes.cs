using Banking.Commands.Decisions;
using Banking.Commands.Receipts;

namespace Banking.Commands.Groups;

/// <summary>Outcomes that are made without a transaction.</summary>
public static class GroupOutcomes
{
    /// <summary>There is nothing to decide; nothing is stored.</summary>
    public static Outcome Rejected(CommandContext context, Refusal refusal)
    {
        return new Outcome.NotRecorded(refusal, context.CorrelationId);
    }

    /// <summary>A request with the same key is still running on this host.</summary>
    public static Outcome InProgress(CommandContext context) => Rejected(context, Refusal.Of(
        RefusalKind.InProgress, "request_in_progress", "A request with this key is still running. Repeat it in a moment."));

    /// <summary>Outcome of the other commands of an atomic batch that failed.</summary>
    /// <param name="failed">Index of the command that was not accepted.</param>
    public static Outcome BatchRefused(CommandContext context, int failed) => Rejected(context, Refusal.RuleBroken(
        "batch_refused", "Another command of this batch was not accepted, so none of it was done.", ("failedIndex", failed)));
}
