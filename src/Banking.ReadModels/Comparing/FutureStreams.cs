using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>
/// Finds streams whose last event has a recorded time in the future. Queries as of now do not include such an event.
/// </summary>
public static class FutureStreams
{
    public static Task<IReadOnlyList<Difference>> FindAsync(NpgsqlDataSource source, DateTimeOffset now, CancellationToken ct) =>
        source.ListAsync(
            $"""
            select id, case when timestamp < '9999-12-31' then timestamp end, timestamp::text from {SchemaNames.Streams}
            where timestamp > $1 and not is_archived order by timestamp desc limit {Comparison.MaxRows}
            """,
            [now + SystemClock.MaxSkew],
            row => new Difference(
                StreamComparison.LogName,
                SchemaNames.Streams,
                row.GetGuid(0),
                $"recorded before {now:O}",
                // The database has times that .NET has not.
                row.IsDBNull(1) ? $"recorded at {row.GetString(2)}" : $"recorded at {row.GetFieldValue<DateTimeOffset>(1):O}"),
            ct);
}
