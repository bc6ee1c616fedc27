using System.Collections.Concurrent;
using Banking.EventStore.Epochs;
using Banking.EventStore.Keys;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.EventStore.Sealing;

/// <summary>
/// The text key of the bank, unwrapped once and kept in memory. It is created when it is first needed. A text that names another key is one
/// of a database that was restored: the stored key is then read again.
/// </summary>
public sealed class TextKeys : IEpochReaction, IDisposable
{
    private readonly CheckedWrapping? _wrapping;
    private readonly NpgsqlDataSource? _source;
    private readonly SemaphoreSlim _loading = new(1);
    private readonly ConcurrentDictionary<string, TextKey> _known = new(StringComparer.Ordinal);

    /// <summary>The key that seals; null until it is known that the database has it.</summary>
    private volatile TextKey? _current;

    /// <summary>The key that sealed last. A database that was restored to a time before its key gets it again.</summary>
    private TextKey? _last;

    public TextKeys(CheckedWrapping wrapping, NpgsqlDataSource source, CommandConnections connections)
    {
        (_wrapping, _source) = (wrapping, source);
        // The database may be another one, or have been restored to a time before its key.
        connections.Connected += Forget;
    }

    private TextKeys(TextKey only)
    {
        _known[only.Id] = only;
        _current = only;
    }

    /// <summary>A key that no database has, for tests.</summary>
    public static TextKeys Of(TextKey only) => new(only);

    public void Dispose() => _loading.Dispose();

    /// <summary>A log that was restored may have been restored with an earlier table of keys.</summary>
    public Task ReactAsync(NpgsqlTransaction transaction, EpochHistory epochs, CancellationToken ct)
    {
        Forget();
        return Task.CompletedTask;
    }

    /// <summary>Makes sure of the stored key again before the next text is sealed.</summary>
    internal void Forget() => _current = null;

    /// <summary>Returns the key that seals, and creates it if the bank has none.</summary>
    /// <exception cref="KeyUnavailableException">The key outside the database is not there, or the stored key is damaged.</exception>
    public async ValueTask<TextKey> CurrentAsync(CancellationToken ct)
    {
        if (_current is { } current)
        {
            return current;
        }

        await _loading.WaitAsync(ct);
        try
        {
            return _current ??= _last = await UnwrapAsync(await TextKeyTable.FindAsync(_source!, ct) ?? await AddAsync(ct), ct);
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <summary>Returns the key that seals. It blocks only if the key is not in memory.</summary>
    /// <exception cref="KeyUnavailableException">The key outside the database is not there, or the stored key is damaged.</exception>
    public TextKey Current() => _current ?? Wait(() => CurrentAsync(CancellationToken.None).AsTask());

    /// <summary>Returns the key with an id. It blocks only if the key is not in memory.</summary>
    /// <exception cref="KeyUnavailableException">The key outside the database is not there, or the database has no such key.</exception>
    public TextKey Find(string id) => _known.GetValueOrDefault(id) ?? Wait(() => FindAsync(id));

    /// <summary>JSON is read and written synchronously: once in the life of a host, and while the key ring is unavailable.</summary>
    private static TextKey Wait(Func<Task<TextKey>> load) => Task.Run(load).GetAwaiter().GetResult();

    private async Task<TextKey> FindAsync(string id)
    {
        if (_source is not null)
        {
            await _loading.WaitAsync();
            try
            {
                if (await TextKeyTable.FindAsync(_source, CancellationToken.None) is { } stored && stored.Id == id)
                {
                    return await UnwrapAsync(stored, CancellationToken.None);
                }
            }
            finally
            {
                _loading.Release();
            }
        }

        throw new KeyUnavailableException($"The text key {id} is not in the database.");
    }

    /// <summary>Stores a key. If another host does at the same time, both use the one that was stored.</summary>
    private async Task<StoredTextKey> AddAsync(CancellationToken ct)
    {
        var key = _last ?? TextKey.Create();
        await TextKeyTable.AddAsync(_source!, new(key.Id, await _wrapping!.WrapAsync(key.Bytes, ct)), ct);
        return await TextKeyTable.FindAsync(_source!, ct)
            ?? throw new KeyUnavailableException("The text key was deleted when it was stored.");
    }

    private async Task<TextKey> UnwrapAsync(StoredTextKey stored, CancellationToken ct)
    {
        if (_known.TryGetValue(stored.Id, out var known))
        {
            return known;
        }

        var key = TextKey.Of(stored.Id, await _wrapping!.UnwrapAsync(stored.Wrapped, ct))
            ?? throw new KeyUnavailableException("The stored text key is damaged.") { IsDamaged = true };
        return _known.GetOrAdd(key.Id, key);
    }
}
