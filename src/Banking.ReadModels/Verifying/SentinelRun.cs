using System.Text.Json;
using Banking.ReadModels.Books;

namespace Banking.ReadModels.Verifying;

/// <summary>One run of the sentinel: the differences that its parts found, and the parts that failed.</summary>
/// <param name="before">The status after the previous run.</param>
internal sealed class SentinelRun(SentinelStatus before)
{
    private readonly List<Difference> _found = [];
    private readonly List<string> _failures = [];

    public SentinelStatus Before { get; } = before;

    /// <summary>Number of streams that were compared.</summary>
    public int Streams { get; set; }

    public bool HasDifferences => _found.Count > 0;

    /// <summary>Why parts of the run failed; null if none did.</summary>
    public string? Failure => _failures.Count == 0 ? null : string.Join("; ", _failures);

    public void Add(IEnumerable<Difference> differences) => _found.AddRange(differences);

    /// <summary>The open differences. If a part failed, earlier differences stay open: nothing shows that they are repaired.</summary>
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

    /// <summary>The log position in a row that is stored and should not be.</summary>
    public static long? PositionOf(Difference difference) =>
        difference is { Expected: null, Found: { } found } ? NumberOf(found, "position") : null;

    /// <summary>The chunk in a sum that differs.</summary>
    public static long? ChunkOf(Difference difference) => NumberOf(difference.Expected ?? difference.Found, "chunk");

    private static long? NumberOf(string? text, string column)
    {
        if (text is not ['{', ..])
        {
            return null;
        }

        using var row = JsonDocument.Parse(text);
        return row.RootElement.TryGetProperty(column, out var number) && number.TryGetInt64(out var at) ? at : null;
    }
}
