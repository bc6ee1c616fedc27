namespace Banking.Platform.Publication;

/// <summary>A module wants to hear of events of these types; it registers one of these beside its handler of the message that brings them.</summary>
/// <param name="Types">Names of contracts, such as <c>banking.account.money-deposited.v1</c>.</param>
public sealed record ModuleInterest(params IReadOnlyList<string> Types);
