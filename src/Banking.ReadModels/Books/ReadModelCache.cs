using System.Collections.Concurrent;

namespace Banking.ReadModels.Books;

/// <summary>
/// What a read model knows of its own rows from one page to the next, so as not to ask for it. It begins empty, and anew whenever anybody
/// else wrote meanwhile or a page failed: what it does not know is asked for, and the rows are the same with it and without.
/// </summary>
public sealed class ReadModelCache
{
    private object? _known;

    /// <summary>What the model keeps, as it left it.</summary>
    public T Of<T>()
        where T : class, new() => (T)(_known ??= new T());
}

/// <summary>
/// The memories of the generations that a host writes. Valid in the state of a generation's row in which its last page left it, and in no
/// other.
/// </summary>
internal sealed class ReadModelCaches
{
    private readonly ConcurrentDictionary<(string Model, int Generation), (Stamp Left, ReadModelCache Memory)> _memories = new();

    /// <summary>To be given back after the commit. Who fails before that has taken it with him.</summary>
    public ReadModelCache Take(Generation generation) =>
        _memories.TryRemove((generation.Model, generation.Number), out var known) && known.Left == Stamp.Of(generation)
            ? known.Memory
            : new();

    public void Give(Generation written, ReadModelCache memory)
    {
        _memories[(written.Model, written.Number)] = (Stamp.Of(written), memory);
        // Two of a model are written at most: the one that serves, and the one that comes.
        foreach (var place in _memories.Keys.Where(k => k.Model == written.Model).OrderByDescending(k => k.Generation).Skip(2))
        {
            _memories.TryRemove(place, out _);
        }
    }

    /// <summary>
    /// The transaction that wrote the row last; where and when as well, for a restored database counts transactions from an earlier one on.
    /// </summary>
    private readonly record struct Stamp(long Transaction, long Position, DateTimeOffset At)
    {
        public static Stamp Of(Generation generation) => new(generation.WrittenBy, generation.Position, generation.UpdatedAt);
    }
}
