namespace Banking.Platform;

/// <summary>New identifiers: UUID version 7 (RFC 9562), so that they sort by time and index well.</summary>
public static class Ids
{
    /// <summary>A new id stamped with the clock's time. Never called from a fold or a projection.</summary>
    public static Guid Next(TimeProvider clock) => Guid.CreateVersion7(clock.GetUtcNow());
}
