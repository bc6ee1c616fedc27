namespace Banking.ReadModels.Comparing;

/// <summary>A kind of stream that this bank writes.</summary>
/// <param name="Type">Its stored name.</param>
/// <param name="EventTypes">The stored names of the events that such a stream may hold.</param>
/// <param name="HasReceipts">Whether each of its events comes from a command that left a receipt, or from an import.</param>
public sealed record StreamKind(string Type, IReadOnlyCollection<string> EventTypes, bool HasReceipts);
