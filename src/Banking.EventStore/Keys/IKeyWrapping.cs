namespace Banking.EventStore.Keys;

/// <summary>A key that is encrypted under another key, which is outside the database.</summary>
/// <param name="By">The id of the other key.</param>
/// <param name="Text">The encrypted key.</param>
public sealed record WrappedKey(string By, string Text);

/// <summary>
/// Encrypts (wraps) the keys that the database stores, so that the database alone opens nothing. The host does it with a key ring in a
/// folder; a module that registers another implementation, such as one of a key management service, replaces it.
/// </summary>
public interface IKeyWrapping
{
    /// <summary>Wraps a key under the newest key outside the database.</summary>
    /// <exception cref="KeyUnavailableException">There is no such key.</exception>
    ValueTask<WrappedKey> WrapAsync(byte[] key, CancellationToken ct);

    /// <exception cref="KeyUnavailableException">The key that wrapped it is not there, or the text was changed.</exception>
    ValueTask<byte[]> UnwrapAsync(WrappedKey wrapped, CancellationToken ct);
}
