namespace Banking.EventStore.Archive;

/// <summary>
/// The blocks that were read last, decompressed. A reader in the order of positions needs one block of each file that overlaps its
/// position, so the cache must have room for these.
/// </summary>
/// <param name="maxBytes">Maximum size of the lines of all blocks, of which one has some 300 kB.</param>
public sealed class ArchiveBlockCache(long maxBytes)
{
    public const long DefaultMaxBytes = 64L << 20;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string File, int Block), LinkedListNode<Cached>> _blocks = [];
    private readonly LinkedList<Cached> _lastUsed = [];
    private long _bytes;

    internal ArchiveBlockContent? Find(string file, int block)
    {
        lock (_lock)
        {
            if (!_blocks.TryGetValue((file, block), out var node))
            {
                return null;
            }

            _lastUsed.Remove(node);
            _lastUsed.AddFirst(node);
            return node.Value.Content;
        }
    }

    /// <summary>Adds a block, and drops the blocks that were not used for the longest time. The new one stays, whatever its size.</summary>
    internal void Add(string file, int block, ArchiveBlockContent content)
    {
        lock (_lock)
        {
            if (_blocks.ContainsKey((file, block)))
            {
                return;
            }

            _blocks[(file, block)] = _lastUsed.AddFirst(new Cached((file, block), content));
            _bytes += content.Bytes;
            while (_bytes > maxBytes && _blocks.Count > 1)
            {
                Drop(_lastUsed.Last!);
            }
        }
    }

    /// <summary>Drops all blocks of a file.</summary>
    internal void Forget(string file)
    {
        lock (_lock)
        {
            foreach (var node in _blocks.Where(b => b.Key.File == file).Select(b => b.Value).ToList())
            {
                Drop(node);
            }
        }
    }

    private void Drop(LinkedListNode<Cached> node)
    {
        _blocks.Remove(node.Value.Key);
        _lastUsed.Remove(node);
        _bytes -= node.Value.Content.Bytes;
    }

    private sealed record Cached((string File, int Block) Key, ArchiveBlockContent Content);
}
