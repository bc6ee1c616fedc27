using JasperFx.Events;
using Marten;
using Npgsql;

namespace Banking.Platform.ReadModels;

/// <summary>Reads the log in its order, as far as it is complete: behind the mark no transaction can put an event any more.</summary>
public sealed class LogReader(IDocumentStore store, NpgsqlDataSource source, ReadModelConnections connections)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly string _schema = store.Options.Events.DatabaseSchemaName;
    private readonly StoredEvents _events = new(store);
    private long _settled;

    /// <summary>How far the log is complete, as Marten's daemon found out.</summary>
    public async Task<long> CompleteUpToAsync(CancellationToken ct)
    {
        await using var command = source.CreateCommand($"select coalesce(max(last_seq_id), 0) from {_schema}.mt_event_progression where name = 'HighWaterMark'");
        return Math.Max((long)(await command.ExecuteScalarAsync(ct))!, Volatile.Read(ref _settled));
    }

    /// <summary>
    /// Finds out how far the log is complete where no daemon may run: the events of now, once every transaction is over that was alive when
    /// they were looked up, for none but those could still put one before them. Vacuum, which may take long, and backups put none.
    /// </summary>
    public async Task SettleAsync(CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var look = new NpgsqlCommand($"select coalesce(max(seq_id), 0), clock_timestamp() from {_schema}.mt_events", connection);
        long last;
        DateTimeOffset at;
        await using (var reader = await look.ExecuteReaderAsync(ct))
        {
            await reader.ReadAsync(ct);
            (last, at) = (reader.GetInt64(0), reader.GetFieldValue<DateTimeOffset>(1));
        }

        await using var alive = new NpgsqlCommand(
            "select exists (select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and xact_start <= $1 " +
            "and backend_type not in ('autovacuum worker', 'walsender'))", connection)
        {
            Parameters = { new() { Value = at } },
        };
        while ((bool)(await alive.ExecuteScalarAsync(ct))!)
        {
            await Task.Delay(Pause, ct);
        }

        Volatile.Write(ref _settled, last);
    }

    /// <summary>The events after a position up to another, oldest first: a range of positions, so that no plan can ever read more than that.</summary>
    public Task<IReadOnlyList<IEvent>> ReadAsync(long after, long upTo, CancellationToken ct) =>
        EventsAsync("seq_id > $1 and seq_id <= $2", ct, after, upTo);

    /// <summary>The events of whole streams up to a position, by stream, oldest first.</summary>
    public async Task<IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>>> ReadStreamsAsync(IReadOnlyList<Guid> streams, long upTo, CancellationToken ct)
    {
        var events = await EventsAsync("stream_id = any($1) and seq_id <= $2", ct, streams.ToArray(), upTo);
        return events.GroupBy(e => e.StreamId).ToDictionary(s => s.Key, s => (IReadOnlyList<IEvent>)[.. s]);
    }

    private async Task<IReadOnlyList<IEvent>> EventsAsync(string condition, CancellationToken ct, params object[] values)
    {
        await using var connection = await connections.OpenAsync(ct);
        await using var command = new NpgsqlCommand(StoredEvents.Select(_schema, condition), connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        await using var reader = await command.ExecuteReaderAsync(ct);
        var events = new List<IEvent>();
        while (await reader.ReadAsync(ct))
        {
            events.Add(_events.Read(reader));
        }

        return events;
    }
}
