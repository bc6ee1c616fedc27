using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>
/// Finds streams whose last event has a recorded time in the future. Queries as of now do not include such an event.
/// </summary>
public static class FutureStreams
{
    private const int MaxStreams = 100;

    public static async Task<IReadOnlyList<Difference>> FindAsync(NpgsqlDataSource source, DateTimeOffset now, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(source);
        await using var command = source.CreateCommand(
            $"""
            select id, timestamp from {SchemaNames.Streams}
            where timestamp > $1 and not is_archived order by timestamp desc limit {MaxStreams}
            """);
        command.Parameters.Add(new() { Value = now + SystemClock.MaxSkew });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var streams = new List<Difference>();
        while (await reader.ReadAsync(ct))
        {
            streams.Add(
                new(
                    "log",
                    SchemaNames.Streams,
                    reader.GetGuid(0),
                    $"recorded before {now:O}",
                    $"recorded at {reader.GetFieldValue<DateTimeOffset>(1):O}"));
        }

        return streams;
    }
}
