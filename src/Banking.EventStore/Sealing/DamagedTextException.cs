namespace Banking.EventStore.Sealing;

/// <summary>A sealed text was changed, or sealed as something else. Its key is there.</summary>
public sealed class DamagedTextException(Exception? inner = null) : Exception("A sealed text is damaged: its key does not open it.", inner);
