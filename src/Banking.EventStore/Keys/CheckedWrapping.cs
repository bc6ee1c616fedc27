namespace Banking.EventStore.Keys;

/// <summary>
/// Wraps keys, but only while samples of the stored ones can be unwrapped. Otherwise the keys outside the database are probably not those
/// of this bank, and what they wrap would be lost together with them.
/// </summary>
public sealed class CheckedWrapping(IKeyWrapping wrapping, IEnumerable<IStoredKeys> stored)
{
    /// <summary>The newest key outside the database, once all samples could be unwrapped with it in place.</summary>
    private volatile string? _checked;

    /// <exception cref="KeyUnavailableException">There is no key to wrap with, or a sample cannot be unwrapped.</exception>
    public async ValueTask<WrappedKey> WrapAsync(byte[] key, CancellationToken ct)
    {
        var wrapped = await wrapping.WrapAsync(key, ct);
        if (wrapped.By == _checked)
        {
            return wrapped;
        }

        if (await FindMissingAsync(ct) is [var missing, ..])
        {
            throw new KeyUnavailableException($"No key is wrapped while stored ones cannot be unwrapped. {missing.Message}", missing);
        }

        _checked = wrapped.By;
        return wrapped;
    }

    /// <exception cref="KeyUnavailableException">The key that wrapped it is not there, or the text was changed.</exception>
    public ValueTask<byte[]> UnwrapAsync(WrappedKey wrapped, CancellationToken ct) => wrapping.UnwrapAsync(wrapped, ct);

    /// <summary>Unwraps the samples. A damaged one does not count: the key that wrapped it is there.</summary>
    /// <returns>A failure for each key outside the database that is missing.</returns>
    public async Task<IReadOnlyList<KeyUnavailableException>> FindMissingAsync(CancellationToken ct)
    {
        var missing = new List<KeyUnavailableException>();
        foreach (var module in stored)
        {
            foreach (var sample in await module.ListSamplesAsync(ct))
            {
                try
                {
                    await wrapping.UnwrapAsync(sample, ct);
                }
                catch (KeyUnavailableException failure) when (!failure.IsDamaged)
                {
                    missing.Add(failure);
                }
                catch (KeyUnavailableException)
                {
                    // Found by the rewrapping, which counts it, and by verify, which names it.
                }
            }
        }

        if (missing.Count > 0)
        {
            _checked = null;
        }

        return missing;
    }
}
