namespace Banking.Publishing.Contracts;

/// <summary>
/// What happened, for the modules of this bank: a run of the log in its order. It comes at least once; a later run may come before an
/// earlier one.
/// </summary>
/// <param name="Events">Of each account in the order of its versions; only of types that some module asked for.</param>
public sealed record EventsPublished(IReadOnlyList<PublishedEvent> Events);

/// <summary>One published event, as the world sees it too.</summary>
/// <param name="Id">The stored event's id, <c>evt_…</c>: whoever has seen it has seen this event.</param>
/// <param name="Type">Name and version of its contract, such as <c>banking.account.money-deposited.v1</c>.</param>
/// <param name="Account">The account that it is about.</param>
/// <param name="StreamVersion">Its place among the account's events; absent for what is none of them.</param>
/// <param name="PreviousVersion">The account's published event right before it; absent for the first.</param>
/// <param name="Position">Its place in the whole log.</param>
/// <param name="Time">When the bank recorded it.</param>
/// <param name="Data">What the contract tells, JSON.</param>
public sealed record PublishedEvent(
    string Id, string Type, Guid Account, long? StreamVersion, long? PreviousVersion, long Position, DateTimeOffset Time, string Data);
