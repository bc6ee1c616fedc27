namespace Banking.EventStore.Published;

/// <summary>
/// Subscription of a module to published events. The module registers it with the handler of the message that delivers them. Events without
/// subscriber are not stored for delivery.
/// </summary>
public interface IModuleInterest
{
    /// <summary>Names of contracts, such as <c>banking.account.money-deposited.v1</c>.</summary>
    IReadOnlyList<string> Types { get; }

    /// <summary>
    /// Selects the streams whose events the module wants. It is called when the events and all before them are in the log, so that a
    /// subscription recorded before an event is found. Events after a withdrawal may be delivered too, because they may have happened
    /// before it.
    /// </summary>
    Task<IReadOnlySet<Guid>> AmongAsync(IReadOnlyCollection<Guid> streams, CancellationToken ct);
}
