using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;

namespace Banking.EventStore.Archive;

/// <summary>Counts, sums and hashes of the events of a file, in the order of their lines. Writing and checking use the same.</summary>
internal sealed class ArchiveTotals : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly Dictionary<Guid, OpenPart> _parts = [];
    private readonly SortedDictionary<string, long> _types = new(StringComparer.Ordinal);
    private readonly SortedDictionary<(string Currency, int Scale), (long Events, decimal Minor)> _sums = [];
    private ArchivedEvent? _first;
    private ArchivedEvent? _last;
    private (string First, string Last) _times = ("", "");

    public long Events { get; private set; }

    /// <exception cref="ArchiveDamagedException">The event cannot follow those before it.</exception>
    public void Add(ArchivedEvent e, ReadOnlySpan<byte> line)
    {
        if (e.Position <= _last?.Position)
        {
            throw new ArchiveDamagedException($"Position {e.Position} does not follow position {_last.Position}.");
        }

        (_first, _last) = (_first ?? e, e);
        _times = Events++ == 0
            ? (e.RecordedAt, e.RecordedAt)
            : (Min(_times.First, e.RecordedAt), Max(_times.Last, e.RecordedAt));
        _types[e.Type] = _types.GetValueOrDefault(e.Type) + 1;
        AddSum(e);
        _hash.AppendData(line);
        _hash.AppendData("\n"u8);
        if (!_parts.TryGetValue(e.Stream, out var part))
        {
            _parts[e.Stream] = part = new(e);
        }

        part.Add(e, line);
    }

    public ArchiveHeader Header(ArchivedBank bank) => new(
        ArchiveFormat.Name,
        ArchiveFormat.Version,
        ArchiveFormat.Schema,
        bank,
        Events,
        _parts.Count,
        _first?.Position ?? 0,
        _last?.Position ?? 0,
        _times.First,
        _times.Last,
        _types,
        [.. _sums.Select(s => new ArchivedSum(s.Key.Currency, s.Key.Scale, s.Value.Events, s.Value.Minor))]);

    /// <summary>The hash of all lines. Call it once, after the last event.</summary>
    public string Sha256() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    /// <summary>The parts of streams, by their first position. Call it once, after the last event.</summary>
    public IReadOnlyList<ArchivePart> Parts() => [.. _parts.Values.Select(p => p.Close()).OrderBy(p => p.FirstPosition)];

    public void Dispose()
    {
        _hash.Dispose();
        foreach (var part in _parts.Values)
        {
            part.Dispose();
        }
    }

    private void AddSum(ArchivedEvent e)
    {
        using var data = JsonDocument.Parse(e.Data);
        if (data.RootElement.ValueKind == JsonValueKind.Object
            && data.RootElement.TryGetProperty("amount", out var amount)
            && amount.ValueKind == JsonValueKind.Object
            && amount.TryGetProperty("minor", out var minor) && minor.TryGetDecimal(out var units)
            && amount.TryGetProperty("currency", out var currency) && currency.GetString() is { } code)
        {
            var scale = amount.TryGetProperty("scale", out var digits) && digits.TryGetInt32(out var known) ? known : 0;
            var (events, sum) = _sums.GetValueOrDefault((code, scale));
            _sums[(code, scale)] = (events + 1, sum + units);
        }
    }

    /// <summary>The texts have one form, in which the order of the times is that of the letters.</summary>
    private static string Min(string one, string other) => string.CompareOrdinal(one, other) <= 0 ? one : other;

    private static string Max(string one, string other) => string.CompareOrdinal(one, other) >= 0 ? one : other;

    private sealed class OpenPart(ArchivedEvent first) : IDisposable
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private ArchivedEvent? _last;

        public void Add(ArchivedEvent e, ReadOnlySpan<byte> line)
        {
            if (_last is not null && e.Version != _last.Version + 1)
            {
                throw new ArchiveDamagedException(string.Create(
                    CultureInfo.InvariantCulture, $"Version {e.Version} of stream {e.Stream} does not follow version {_last.Version}."));
            }

            _last = e;
            _hash.AppendData(line);
            _hash.AppendData("\n"u8);
        }

        public ArchivePart Close() => new(
            first.Stream, first.StreamType, first.Version, _last!.Version, first.Position, _last.Position,
            Convert.ToHexStringLower(_hash.GetHashAndReset()));

        public void Dispose() => _hash.Dispose();
    }
}
