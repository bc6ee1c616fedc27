namespace Banking.Host.Database;

/// <summary>The connection strings of a bank.</summary>
/// <param name="Host">With the host's role, for all work of a host.</param>
/// <param name="Owner">With the owner's role, for migrations. Null where <c>migrate</c> runs separately.</param>
public sealed record BankConnections(string Host, string? Owner = null);
