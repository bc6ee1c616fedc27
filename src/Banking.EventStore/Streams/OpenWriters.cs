using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.EventStore.Streams;

/// <summary>
/// Waits for the commands that may have read the clock before an instant and are not committed yet. Each command locks streams before it
/// reads the clock, and holds that lock on the table until its transaction ends.
/// </summary>
public sealed class OpenWriters(NpgsqlDataSource source, TimeProvider clock)
{
    /// <summary>Longer than any transaction of this bank takes: what was recorded before that is committed or rolled back.</summary>
    public static readonly TimeSpan MaxTransactionTime = TimeSpan.FromMinutes(1);

    private const string Sql =
        $"""
        select virtualtransaction from pg_locks where locktype = 'relation' and granted and mode in ('RowShareLock', 'RowExclusiveLock')
            and database = (select oid from pg_database where datname = current_database())
            and relation = '{SchemaNames.Streams}'::regclass and pid <> pg_backend_pid()
        """;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits for the transactions that are open now. Returns the number of those that did not end in time: 0 if all did.</summary>
    public async Task<int> WaitAsync(TimeSpan maxWait, CancellationToken ct)
    {
        var since = clock.GetTimestamp();
        var open = await ReadAsync(ct);
        while (open.Count > 0 && clock.GetElapsedTime(since) < maxWait)
        {
            await Task.Delay(PollInterval, clock, ct);
            open.IntersectWith(await ReadAsync(ct));
        }

        return open.Count;
    }

    /// <summary>As <see cref="WaitAsync"/>, unless every transaction that may have recorded something by an instant has ended.</summary>
    public Task<int> WaitForAsync(DateTimeOffset knownAt, TimeSpan maxWait, CancellationToken ct) =>
        knownAt < clock.GetUtcNow() - MaxTransactionTime ? Task.FromResult(0) : WaitAsync(maxWait, ct);

    private async Task<HashSet<string>> ReadAsync(CancellationToken ct) =>
        (await source.ListAsync(Sql, [], row => row.GetString(0), ct)).ToHashSet(StringComparer.Ordinal);
}
