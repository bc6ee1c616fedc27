using System.Text.Json;

namespace Banking.EventStore.Json;

/// <summary>A value that one of the bank's converters refuses. Its message may be shown to the caller.</summary>
public sealed class InvalidValueException(string message) : JsonException(message);
