using System.Globalization;
using Banking.EventStore.Archive;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using JasperFx.Events;
using Marten;
using Npgsql;

namespace Banking.EventStore.Streams;

/// <summary>Reads the events that a stream recorded since an instant.</summary>
public sealed class StreamTimeline(IDocumentStore store, ArchivedEvents archive)
{
    private readonly StoredEvents _events = new(store, archive);

    private static readonly string Sql = StoredEvents.Select(
        $"stream_id = $1 and {ArchiveManifest.IsInLog()} and version >= $2 and (version = $2 or timestamp >= $3 or type = any($4) or "
            + $"version = (select version from {SchemaNames.Streams} where id = $1))",
        order: "version");

    /// <summary>
    /// Returns, by version, the event at the first version, the last event of the stream, and of those between them the ones recorded since
    /// the instant or of a lasting type. The first and the last event show where to continue, and whether the log is still the same.
    /// </summary>
    /// <exception cref="UnreadableEventException">An event cannot be read, or one recorded since the instant is missing.
    /// </exception>
    public async Task<IReadOnlyList<IEvent>> ReadAsync(
        NpgsqlConnection connection,
        Guid stream,
        long first,
        DateTimeOffset since,
        string[] lasting,
        CancellationToken ct)
    {
        var events = await connection.ListAsync(Sql, [stream, first, since.UtcDateTime, lasting], row => _events.Read(row), ct);
        foreach (var (before, e) in events.Zip(events.Skip(1)))
        {
            if (before.Timestamp >= since && e.Timestamp >= since && e.Version != before.Version + 1)
            {
                throw new UnreadableEventException(
                    e,
                    new InvalidOperationException(
                        string.Create(
                            CultureInfo.InvariantCulture, $"The preceding event, version {e.Version - 1} of the stream, is missing.")));
            }
        }

        return events;
    }
}
