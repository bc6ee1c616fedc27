namespace Banking.SampleHistory;

/// <summary>
/// SplitMix64. The framework's generator may give other numbers in a later version, but the files must not change.
/// </summary>
public sealed class SeededRandom(ulong seed)
{
    private ulong _state = seed;

    /// <summary>Returns a number from <paramref name="min"/> to <paramref name="max"/>, both inclusive.</summary>
    public int Next(int min, int max)
    {
        _state += 0x9E3779B97F4A7C15;
        var z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return min + (int)((z ^ (z >> 31)) % (ulong)(max - min + 1));
    }

    public bool Chance(int percent) => Next(1, 100) <= percent;

    public T Pick<T>(IReadOnlyList<T> values) => values[Next(0, values.Count - 1)];

    public void Shuffle<T>(Span<T> values)
    {
        for (var i = values.Length - 1; i > 0; i--)
        {
            var j = Next(0, i);
            (values[i], values[j]) = (values[j], values[i]);
        }
    }
}
