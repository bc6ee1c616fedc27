namespace Banking.EventStore.Published;

/// <summary>
/// What a module wants to hear of. It registers one of these beside its handler of the message that brings it. What nobody wants is not
/// written down a second time to be brought to nobody.
/// </summary>
public interface IModuleInterest
{
    /// <summary>Names of contracts, such as <c>banking.account.money-deposited.v1</c>.</summary>
    IReadOnlyList<string> Types { get; }

    /// <summary>
    /// Those of these accounts that it wants to hear of. Asked when the events are in the log with everything before them: an interest that
    /// was recorded before an event is there to be found. One that was withdrawn is told all the same, for the event may be older than
    /// that.
    /// </summary>
    Task<IReadOnlySet<Guid>> AmongAsync(IReadOnlyCollection<Guid> accounts, CancellationToken ct);
}
