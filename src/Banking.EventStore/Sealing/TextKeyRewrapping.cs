using Banking.EventStore.Keys;
using Npgsql;

namespace Banking.EventStore.Sealing;

/// <summary>Wraps the text key again under another key outside the database. The key itself, and all texts, stay as they are.</summary>
internal sealed class TextKeyRewrapping(CheckedWrapping wrapping, TextKeys keys, NpgsqlDataSource source) : IRewrapping
{
    public async Task<int> RunAsync(string by, CancellationToken ct)
    {
        if (await TextKeyTable.FindAsync(source, ct) is not { } stored)
        {
            // The key ring was away when the host started, or the database was restored to a time before its key.
            keys.Forget();
            await keys.CurrentAsync(ct);
            return 0;
        }

        if (stored.Wrapped.By == by)
        {
            return 0;
        }

        byte[] key;
        try
        {
            key = await wrapping.UnwrapAsync(stored.Wrapped, ct);
        }
        catch (KeyUnavailableException)
        {
            // Counted; the caller reports it.
            return 1;
        }

        await TextKeyTable.ReplaceAsync(source, stored, await wrapping.WrapAsync(key, ct), ct);
        return 0;
    }
}
