namespace Banking.Publishing.Contracts;

/// <summary>
/// Published events for the modules of this bank: a run of the log in order. A message is delivered at least once; a later run may be
/// delivered before an earlier one.
/// </summary>
/// <param name="Events">The events, those of one account in order of their versions; only types that some module asked for.</param>
public sealed record EventsPublished(IReadOnlyList<PublishedEvent> Events);

/// <summary>One published event, with the same content as outside the bank.</summary>
/// <param name="Id">The stored event's id, <c>evt_…</c>; a consumer recognises a repeated delivery by it.</param>
/// <param name="Type">Name and version of its contract, such as <c>banking.account.money-deposited.v1</c>.</param>
/// <param name="Account">The account.</param>
/// <param name="StreamVersion">The version of the account's stream; absent for an event that is not part of the stream.</param>
/// <param name="PreviousVersion">The version of the account's preceding published event; absent for the first.</param>
/// <param name="Position">The position in the log.</param>
/// <param name="Time">When the bank recorded it.</param>
/// <param name="Data">The data of the contract as JSON.</param>
public sealed record PublishedEvent(
    string Id, string Type, Guid Account, long? StreamVersion, long? PreviousVersion, long Position, DateTimeOffset Time, string Data);
