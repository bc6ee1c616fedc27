namespace Banking.ReadModels.Comparing;

/// <summary>A kind of stream that this bank writes.</summary>
/// <param name="Type">The stored name of the kind.</param>
/// <param name="EventTypes">The stored names of the events that such a stream may contain.</param>
/// <param name="HasReceipts">Whether each event comes from a command with a receipt, or from an import.</param>
public sealed record StreamKind(string Type, IReadOnlyCollection<string> EventTypes, bool HasReceipts);
