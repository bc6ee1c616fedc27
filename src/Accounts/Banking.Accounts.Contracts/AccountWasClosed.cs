namespace Banking.Accounts.Contracts;

/// <summary>
/// Informs other modules that an account was closed. The decision stores the message in the transaction of its event. A handler may
/// receive it more than once.
/// </summary>
/// <param name="Closure">The id of the event that closed the account; the same in every delivery.</param>
/// <param name="Account">The account.</param>
/// <param name="ClosedAt">When the account was closed.</param>
public sealed record AccountWasClosed(Guid Closure, Guid Account, DateTimeOffset ClosedAt);
