using Banking.EventStore.Streams;
using Banking.SharedKernel;
using Npgsql;

namespace Banking.EventStore.Published;

/// <summary>Writes ids of streams in their public form.</summary>
public sealed class PublicStreams(NpgsqlDataSource source, IEnumerable<PublicStream> streams)
{
    private readonly Dictionary<string, string> _prefixes = streams.ToDictionary(s => s.StreamType, s => s.Prefix);

    /// <summary>The public id of a stream; without a prefix if its type is unknown.</summary>
    public string Format(string? streamType, Guid id) => streamType is not null && _prefixes.TryGetValue(streamType, out var prefix)
        ? $"{prefix}_{id:n}"
        : $"{id:n}";

    /// <summary>Reads the public id of a stream of any kind, or its digits alone.</summary>
    public bool TryRead(string text, out Guid id)
    {
        id = Guid.Empty;
        var end = text.LastIndexOf('_');
        return end < 0
            ? Exact.TryId(text, out id) && id != Guid.Empty
            : _prefixes.ContainsValue(text[..end]) && PublicId.TryParse(text[..end], text, out id);
    }

    /// <summary>The public ids of these streams; those that the log does not have are without a prefix.</summary>
    public async Task<IReadOnlyDictionary<Guid, string>> FormatAsync(IEnumerable<Guid> ids, CancellationToken ct)
    {
        Guid[] wanted = [.. ids.Distinct()];
        if (wanted.Length == 0)
        {
            return new Dictionary<Guid, string>();
        }

        await using var connection = await source.OpenConnectionAsync(ct);
        var types = await StreamDirectory.TypesOfAsync(connection, wanted, ct);
        return wanted.ToDictionary(id => id, id => Format(types.GetValueOrDefault(id), id));
    }
}
