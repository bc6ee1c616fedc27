namespace Banking.Platform.Commands;

/// <summary>Outcomes that need no transaction.</summary>
public static class GroupOutcomes
{
    /// <summary>Nothing to decide upon; nothing is stored.</summary>
    public static Outcome Rejected(CommandContext context, Refusal refusal)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(refusal);
        return new(refusal.Status, Problems.Document(refusal, context.CorrelationId), Applied: false, Replayed: false);
    }
}
