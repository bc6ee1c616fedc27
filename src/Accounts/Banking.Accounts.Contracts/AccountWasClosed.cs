namespace Banking.Accounts.Contracts;

/// <summary>
/// Tells other modules that an account is closed. Sent by the decision, in the transaction of its event; it may come more than once.
/// </summary>
/// <param name="Closure">The event that closed the account: the same however often the message comes.</param>
/// <param name="Account">The account.</param>
/// <param name="ClosedAt">When it was closed.</param>
public sealed record AccountWasClosed(Guid Closure, Guid Account, DateTimeOffset ClosedAt);
