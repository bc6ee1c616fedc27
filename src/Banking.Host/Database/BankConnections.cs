namespace Banking.Host.Database;

/// <summary>The connection strings of a bank.</summary>
/// <param name="Host">For everything that a host does.</param>
/// <param name="Owner">For migrating the schema; null where somebody else does that.</param>
public sealed record BankConnections(string Host, string? Owner = null);
