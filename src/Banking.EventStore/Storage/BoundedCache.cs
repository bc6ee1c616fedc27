using System.Collections.Concurrent;

namespace Banking.EventStore.Storage;

/// <summary>
/// A cache of bounded size for many readers and writers. When it is full, each new entry evicts one that was not used lately (the clock
/// algorithm): a read only sets a mark, and takes no lock.
/// </summary>
public sealed class BoundedCache<TKey, TValue>(int maxEntries)
    where TKey : notnull
{
    /// <summary>Number of entries that one eviction considers; then it evicts one that was used lately.</summary>
    private const int MaxLooks = 64;

    private readonly ConcurrentDictionary<TKey, Entry> _entries = new();

    /// <summary>The keys in the order in which they are considered for eviction. Guarded by itself.</summary>
    private readonly Queue<Entry> _order = new();

    public int Count => _entries.Count;

    public bool TryGet(TKey key, out TValue value)
    {
        if (!_entries.TryGetValue(key, out var entry))
        {
            value = default!;
            return false;
        }

        // Writing the mark only where it is missing keeps the line of the cache shared between processors.
        if (!entry.IsUsed)
        {
            entry.IsUsed = true;
        }

        value = entry.Value;
        return true;
    }

    public void Set(TKey key, TValue value)
    {
        var entry = new Entry(key, value);
        while (true)
        {
            if (_entries.TryGetValue(key, out var known))
            {
                entry.IsUsed = true;
                // The place in the order belongs to the key: the new entry takes it over.
                if (_entries.TryUpdate(key, entry, known))
                {
                    return;
                }
            }
            else if (_entries.TryAdd(key, entry))
            {
                Enqueue(entry);
                return;
            }
        }
    }

    public void Remove(TKey key) => _entries.TryRemove(key, out _);

    public void Clear()
    {
        lock (_order)
        {
            _entries.Clear();
            _order.Clear();
        }
    }

    private void Enqueue(Entry added)
    {
        lock (_order)
        {
            _order.Enqueue(added);
            // Each entry has a place. A removed key leaves its place until it is met here.
            for (var looks = 1; _order.Count > maxEntries; looks++)
            {
                var oldest = _order.Dequeue();
                if (!_entries.TryGetValue(oldest.Key, out var entry))
                {
                    continue;
                }

                if (entry.IsUsed && looks < MaxLooks)
                {
                    entry.IsUsed = false;
                    _order.Enqueue(entry);
                }
                else
                {
                    _entries.TryRemove(oldest.Key, out _);
                }
            }
        }
    }

    private sealed class Entry(TKey key, TValue value)
    {
        public TKey Key { get; } = key;

        public TValue Value { get; } = value;

        /// <summary>Whether it was used since it was last considered for eviction.</summary>
        public volatile bool IsUsed;
    }
}
