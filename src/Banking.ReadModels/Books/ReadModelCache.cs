using System.Collections.Concurrent;

namespace Banking.ReadModels.Books;

/// <summary>
/// Cache of a read model's own rows between two pages, which saves reading them. It starts empty, and is emptied when another writer wrote
/// in between or a page failed. A missing entry is read from the tables, so the rows are the same with and without the cache.
/// </summary>
public sealed class ReadModelCache
{
    private object? _data;

    /// <summary>The model's cached data, created when missing.</summary>
    public T Of<T>()
        where T : class, new() => (T)(_data ??= new T());
}

/// <summary>
/// Caches of the generations that a host writes. A cache is valid only while the generation's row is as the cache's last page left it.
/// </summary>
internal sealed class ReadModelCaches
{
    private readonly ConcurrentDictionary<(string Model, int Generation), (Stamp Stamp, ReadModelCache Cache)> _caches = new();

    /// <summary>Removes and returns the cache of a generation. The caller returns it after the commit; a failed page loses it.</summary>
    public ReadModelCache Take(Generation generation) =>
        _caches.TryRemove((generation.Model, generation.Number), out var entry) && entry.Stamp == Stamp.Of(generation)
            ? entry.Cache
            : new();

    public void Return(Generation written, ReadModelCache cache)
    {
        _caches[(written.Model, written.Number)] = (Stamp.Of(written), cache);
        // At most two generations of a model are written: the active version and the candidate.
        foreach (var key in _caches.Keys.Where(k => k.Model == written.Model).OrderByDescending(k => k.Generation).Skip(2))
        {
            _caches.TryRemove(key, out _);
        }
    }

    /// <summary>
    /// The transaction that last wrote the row, with position and time. The transaction alone is not unique: a restored database reuses
    /// transaction numbers.
    /// </summary>
    private readonly record struct Stamp(long Transaction, long Position, DateTimeOffset At)
    {
        public static Stamp Of(Generation generation) => new(generation.WrittenBy, generation.Position, generation.UpdatedAt);
    }
}
