namespace Banking.SharedKernel;

/// <summary>A text that is encrypted wherever it is stored. It is opened when its content is needed, which may fail.</summary>
/// <param name="text">The encrypted text.</param>
/// <param name="open">Decrypts it.</param>
public sealed class SealedText(string text, Func<string, byte[]> open)
{
    /// <summary>The encrypted text.</summary>
    public string Text => text;

    /// <summary>Returns the content. It throws if the key is not available, or the text is damaged.</summary>
    public byte[] Open() => open(text);
}

/// <summary>A value that the bank stores as a sealed text, and opens when a member of it is read.</summary>
/// <typeparam name="TSelf">The value.</typeparam>
public interface ISealable<TSelf>
    where TSelf : class, ISealable<TSelf>
{
    /// <summary>What the value is. A text that was sealed as something else is not opened as this. It never changes.</summary>
    static abstract string SealedAs { get; }

    /// <summary>The text that the value was read from; null if it was made in memory.</summary>
    SealedText? Sealed { get; }

    /// <summary>The content to seal. Equal values have equal contents.</summary>
    byte[] ToPlain();

    /// <summary>The value of a text, which is not opened yet.</summary>
    static abstract TSelf Of(SealedText text);

    /// <summary>Reads a content.</summary>
    static abstract TSelf OfPlain(ReadOnlySpan<byte> plain);
}
