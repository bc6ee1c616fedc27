using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Periods.Closing;

/// <summary>
/// Waits for the commands that may have read the clock before the end of a period and are not committed yet. Each command locks streams
/// before it reads the clock, and holds that lock on the table until its transaction ends.
/// </summary>
public sealed class OpenWriters(NpgsqlDataSource source)
{
    private const string Sql =
        $"""
        select virtualtransaction from pg_locks where locktype = 'relation' and granted and mode in ('RowShareLock', 'RowExclusiveLock')
            and database = (select oid from pg_database where datname = current_database())
            and relation = '{SchemaNames.Streams}'::regclass and pid <> pg_backend_pid()
        """;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Longer than any transaction of this bank takes.</summary>
    private const int MaxPolls = 400;

    /// <summary>Returns the number of transactions that did not end in time: 0 if all did.</summary>
    public async Task<int> WaitAsync(CancellationToken ct)
    {
        var open = await ReadAsync(ct);
        for (var poll = 0; open.Count > 0 && poll < MaxPolls; poll++)
        {
            await Task.Delay(PollInterval, ct);
            open.IntersectWith(await ReadAsync(ct));
        }

        return open.Count;
    }

    private async Task<HashSet<string>> ReadAsync(CancellationToken ct) =>
        (await source.ListAsync(Sql, [], row => row.GetString(0), ct)).ToHashSet(StringComparer.Ordinal);
}
