namespace Banking.EventStore.Appending;

/// <summary>Names under which who and why are stored in an event's headers. Stored for ever.</summary>
public static class HeaderNames
{
    public const string Role = "role";

    /// <summary>
    /// The customer behind the caller; absent for staff. With it, an event says all that the id of its receipt is made of.
    /// </summary>
    public const string Customer = "customer";

    public const string Channel = "channel";
    public const string Operation = "operation";
    public const string IdempotencyKey = "idempotencyKey";
    public const string ReasonCode = "reasonCode";
    public const string ReasonText = "reasonText";
}
