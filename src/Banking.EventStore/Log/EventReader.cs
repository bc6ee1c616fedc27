using System.Globalization;
using Banking.EventStore.Archive;
using Banking.EventStore.Storage;
using JasperFx.Events;
using Marten;
using Npgsql;

namespace Banking.EventStore.Log;

/// <summary>
/// Reads single events and streams with all metadata. An event that is missing or cannot be read is reported and never skipped. Events of
/// archive files are returned, those of streams that Marten archived are not.
/// </summary>
public sealed class EventReader(IDocumentStore store, NpgsqlDataSource source, ArchivedEvents archive)
{
    private readonly StoredEvents _events = new(store, archive);

    /// <summary>Returns the events of a stream from one version to another, oldest first.</summary>
    /// <param name="upTo">The last version; 0 for all events.</param>
    /// <exception cref="UnreadableEventException">An event cannot be read or is missing.</exception>
    public async Task<IReadOnlyList<IEvent>> StreamAsync(Guid stream, long from, long upTo, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return await StreamAsync(connection, stream, from, upTo, ct);
    }

    /// <summary>Returns the events of a stream from a version on, as the transaction of the connection sees them.</summary>
    /// <exception cref="UnreadableEventException">An event cannot be read or is missing.</exception>
    public Task<IReadOnlyList<IEvent>> StreamAsync(NpgsqlConnection connection, Guid stream, long from, CancellationToken ct) =>
        StreamAsync(connection, stream, from, 0, ct);

    /// <summary>Returns the event with an id, or null.</summary>
    /// <exception cref="UnreadableEventException">The event cannot be read.</exception>
    public async Task<IEvent?> FindAsync(Guid id, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return await ReadAsync(connection, "id = $1", [id], "seq_id", ct) is [var e, ..] ? e : null;
    }

    /// <summary>Returns the events at these positions, in the order of the log.</summary>
    /// <exception cref="UnreadableEventException">An event cannot be read.</exception>
    public async Task<IReadOnlyList<IEvent>> AtAsync(long[] positions, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return await ReadAsync(connection, "seq_id = any($1)", [positions], "seq_id", ct);
    }

    /// <summary>Returns the events that satisfy a condition, in the order of the log. The condition needs an index of its own.</summary>
    /// <exception cref="UnreadableEventException">An event cannot be read.</exception>
    public async Task<IReadOnlyList<IEvent>> WhereAsync(string condition, object?[] values, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return await ReadAsync(connection, condition, values, "seq_id", ct);
    }

    private async Task<IReadOnlyList<IEvent>> StreamAsync(
        NpgsqlConnection connection, Guid stream, long from, long upTo, CancellationToken ct)
    {
        var next = Math.Max(1, from);
        var events = await ReadAsync(
            connection,
            "stream_id = $1 and version >= $2 and version <= $3",
            [stream, next, upTo == 0 ? long.MaxValue : upTo],
            "version",
            ct);
        foreach (var e in events)
        {
            if (e.Version != next++)
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

    private Task<IReadOnlyList<IEvent>> ReadAsync(
        NpgsqlConnection connection, string condition, object?[] values, string order, CancellationToken ct) => connection.ListAsync(
            StoredEvents.SelectWhole($"{condition} and {ArchiveManifest.IsInLog()}", order), values, _events.ReadWhole, ct);
}
