namespace Banking.Customers.Contracts;

/// <summary>Registers a customer.</summary>
/// <param name="CommandId">The sender's idempotency key: a command sent twice is executed once.</param>
/// <param name="Name">Personal data; stored encrypted under a key of this customer.</param>
/// <param name="Email">Personal data; stored encrypted under a key of this customer.</param>
/// <param name="Phone">Personal data; stored encrypted under a key of this customer.</param>
public sealed record RegisterCustomer(string CommandId, string Name, string? Email = null, string? Phone = null)
{
    /// <summary>Without personal data, because commands are logged.</summary>
    public override string ToString() => $"{nameof(RegisterCustomer)} {CommandId}";
}
