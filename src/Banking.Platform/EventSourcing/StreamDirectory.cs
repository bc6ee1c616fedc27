using System.Collections.Concurrent;
using Marten;
using Npgsql;

namespace Banking.Platform.EventSourcing;

/// <summary>Whether a stream of a kind is there. Streams never go away, so a yes is remembered and a no is asked again.</summary>
public sealed class StreamDirectory(NpgsqlDataSource source, IDocumentStore store)
{
    private const int LargestCache = 100_000;

    private readonly ConcurrentDictionary<Guid, string> _known = new();

    public async Task<bool> ExistsAsync(Guid id, string type, CancellationToken ct)
    {
        if (_known.TryGetValue(id, out var known))
        {
            return known == type;
        }

        await using var command = source.CreateCommand(
            $"select type from {store.Options.Events.DatabaseSchemaName}.mt_streams where id = $1 and type is not null");
        command.Parameters.Add(new() { Value = id });
        if (await command.ExecuteScalarAsync(ct) is not string found)
        {
            return false;
        }

        if (_known.Count >= LargestCache)
        {
            _known.Clear();
        }

        _known[id] = found;
        return found == type;
    }
}
