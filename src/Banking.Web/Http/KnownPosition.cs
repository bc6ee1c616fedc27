using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Npgsql;

namespace Banking.Web.Http;

/// <summary>
/// Finds the position that a read model must reach before it has everything that was recorded by an instant. An answer of that model about
/// the instant never changes afterwards, apart from the clock skew between hosts.
/// </summary>
public sealed class KnownPosition(NpgsqlDataSource source, LogEnd log, OpenWriters writers)
{
    /// <summary>Upper bound on how far recorded times are out of the order of positions.</summary>
    public static readonly TimeSpan MaxDisorder = TimeSpan.FromMinutes(10);

    private static readonly string RecordedAt =
        $"select {StoredEvents.Time("timestamp")} from {SchemaNames.Events}.mt_events where seq_id <= $1 order by seq_id desc limit 1";

    /// <param name="reached">A position that the model has reached.</param>
    /// <returns>The position; null if commands that may have begun by the instant did not end in time.</returns>
    public async Task<long?> FindAsync(DateTimeOffset knownAt, long reached, TimeSpan maxWait, CancellationToken ct)
    {
        // Most questions are about the past: a model that is a little behind the log has all of it.
        if (await source.ListAsync(RecordedAt, [reached], row => row.GetFieldValue<DateTimeOffset>(0), ct) is [var recordedAt]
            && recordedAt - MaxDisorder > knownAt)
        {
            return reached;
        }

        return await writers.WaitForAsync(knownAt, maxWait, ct) == 0 ? await log.ReadAsync(ct) : null;
    }
}
