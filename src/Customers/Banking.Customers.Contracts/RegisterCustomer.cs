namespace Banking.Customers.Contracts;

/// <summary>Makes somebody a customer of the bank.</summary>
/// <param name="CommandId">The sender's key: the same command sent twice is done once.</param>
/// <param name="Name">Personal data; stored encrypted under a key of this customer.</param>
/// <param name="Email">Personal data; stored encrypted under a key of this customer.</param>
/// <param name="Phone">Personal data; stored encrypted under a key of this customer.</param>
public sealed record RegisterCustomer(string CommandId, string Name, string? Email = null, string? Phone = null)
{
    /// <summary>Without the person: commands are written into logs.</summary>
    public override string ToString() => $"{nameof(RegisterCustomer)} {CommandId}";
}
