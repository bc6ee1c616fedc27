using Banking.EventStore.Streams;
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
