using System.Text.Json;
using Banking.ReadModels.Books;

namespace Banking.ReadModels.Verifying;

/// <summary>One look of the sentinel, made of parts: what they found, and which of them failed.</summary>
/// <param name="before">What was seen at the look before.</param>
internal sealed class SentinelRun(SentinelStatus before)
{
    private readonly List<Difference> _found = [];
    private readonly List<string> _failures = [];

    public SentinelStatus Before { get; } = before;

    /// <summary>Streams that were compared.</summary>
    public int Streams { get; set; }

    public bool IsAnythingFound => _found.Count > 0;

    /// <summary>Why parts of the look failed; null where none did.</summary>
    public string? Failure => _failures.Count == 0 ? null : string.Join("; ", _failures);

    public void Found(IEnumerable<Difference> differences) => _found.AddRange(differences);

    /// <summary>What is wrong now. Where a part failed, what was open before stays open: nothing shows that it is mended.</summary>
    public IEnumerable<Difference> Open() =>
        _found.Concat(_failures.Count > 0 ? Before.Open : []).DistinctBy(d => (d.Model, d.Table, d.Stream, d.Id, d.Expected, d.Found));

    public async Task RunAsync(string part, Func<Task> run, CancellationToken ct)
    {
        try
        {
            await run();
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            _failures.Add($"{part}: {failure.Message}");
        }
    }

    /// <summary>The place in the log that a row names which is there and should not be.</summary>
    public static long? PositionOf(Difference difference)
    {
        if (difference is not { Expected: null, Found: ['{', ..] found })
        {
            return null;
        }

        using var row = JsonDocument.Parse(found);
        return row.RootElement.TryGetProperty("position", out var position) && position.TryGetInt64(out var at) ? at : null;
    }
}
