namespace Banking.EventStore.Appending;

/// <summary>Names of the headers of events. Stored, so they never change.</summary>
public static class HeaderNames
{
    public const string Role = "role";

    /// <summary>The customer of the caller; absent for staff. Together with the other headers it gives the id of the receipt.</summary>
    public const string Customer = "customer";

    public const string Channel = "channel";
    public const string Operation = "operation";
    public const string IdempotencyKey = "idempotencyKey";
    public const string ReasonCode = "reasonCode";
    public const string ReasonText = "reasonText";

    /// <summary>Public id of the proposal that was approved and carried out by this command; absent for commands sent directly.</summary>
    public const string Proposal = "proposal";

    /// <summary>The actor who proposed the command.</summary>
    public const string ProposedBy = "proposedBy";

    /// <summary>The actor who approved the proposal.</summary>
    public const string ApprovedBy = "approvedBy";
}
