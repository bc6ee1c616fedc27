using System.Globalization;
using Banking.EventStore.Log;
using JasperFx.Events;
using Marten;
using Npgsql;
using NpgsqlTypes;

namespace Banking.EventStore.Streams;

/// <summary>Reads the events that a stream recorded since an instant.</summary>
public sealed class StreamTimeline(IDocumentStore store)
{
    private readonly StoredEvents _events = new(store);

    private readonly string _sql = StoredEvents.Select(
        store.Options.Events.DatabaseSchemaName,
        "stream_id = $1 and not is_archived and version >= $2 and (version = $2 or timestamp >= $3 or type = any($4) or "
            + $"version = (select version from {store.Options.Events.DatabaseSchemaName}.mt_streams where id = $1))",
        order: "version");

    /// <summary>
    /// Returns, by version, the event at the first version, the last event of the stream, and of those between them the ones recorded since
    /// the instant or of a lasting type. The first and the last event show where to continue, and whether the log is still the same.
    /// </summary>
    /// <exception cref="UnreadableEventException">An event cannot be read, or one recorded since the instant is missing.
    /// </exception>
    public async Task<IReadOnlyList<IEvent>> ReadAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction? transaction,
        Guid stream,
        long first,
        DateTimeOffset since,
        string[] lasting,
        CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(_sql, connection, transaction)
        {
            Parameters =
            {
                new() { Value = stream },
                new() { Value = first },
                new() { Value = since.UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz },
                new() { Value = lasting },
            },
        };
        await using var rows = await command.ExecuteReaderAsync(ct);
        var events = new List<IEvent>();
        while (await rows.ReadAsync(ct))
        {
            var e = _events.Read(rows);
            if (e.Timestamp >= since && events is [.., var before] && before.Timestamp >= since && e.Version != before.Version + 1)
            {
                throw new UnreadableEventException(
                    e,
                    new InvalidOperationException(
                        string.Create(
                            CultureInfo.InvariantCulture, $"The preceding event, version {e.Version - 1} of the stream, is missing.")));
            }

            events.Add(e);
        }

        return events;
    }
}
