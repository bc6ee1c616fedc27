using Banking.EventStore.Storage;
using Banking.Publishing.Log;
using Npgsql;

namespace Banking.Publishing.Publishers;

/// <summary>
/// Accounts with an event that was rejected, that is of a paused type, or that cannot be read. Their later events wait behind it, so that
/// they stay in order; other accounts are not affected. The row keeps only the position of the first blocked event: the events are read
/// from the log.
/// </summary>
public sealed class BlockedAccounts(NpgsqlDataSource source, TimeProvider clock)
{
    /// <summary>The cause of an account that is blocked by a paused event type; the stored name is permanent.</summary>
    public const string PausedCause = "held";

    /// <summary>The cause of an account that is blocked by an event that cannot be read.</summary>
    public const string UnreadableCause = "unreadable";

    public const string Retry = "retry";
    public const string Discard = "discard";

    private const string Table = PublishingModule.Schema + ".blocked_account";
    private const string Columns = "publisher, account, position, event_id, event_type, cause, detail, since, attempts, release";

    /// <summary>Accounts to try again now, the lowest position first.</summary>
    /// <param name="without">Accounts that are left out.</param>
    internal Task<IReadOnlyList<BlockedAccount>> ListReleasedAsync(
        string publisher, IReadOnlyList<string> pausedTypes, IReadOnlyCollection<Guid> without, int limit, CancellationToken ct) =>
        ListAsync(
            $"publisher = $1 and (release is not null or (cause = '{PausedCause}' and not event_type = any($2))) "
                + $"and account <> all($3) order by position limit {limit}",
            [publisher, pausedTypes.ToArray(), without.ToArray()],
            ct);

    /// <summary>Dead letters: accounts blocked by a rejected event, without those blocked by a paused type.</summary>
    public Task<IReadOnlyList<BlockedAccount>> ListRejectedAsync(
        string? publisher, string? cause, Guid? account, int limit, CancellationToken ct) =>
        ListAsync(
            $"cause <> '{PausedCause}' and ($1::text is null or publisher = $1) and ($2::text is null or cause = $2) "
                + $"and ($3::uuid is null or account = $3) order by position, publisher limit {limit}",
            [publisher, cause, account],
            ct);

    /// <summary>Whether an event waits.</summary>
    internal async Task<bool> IsBlockedAsync(string publisher, PublicEvent e, CancellationToken ct) =>
        (await FindPublishersAsync([publisher], e, ct)).Count > 0;

    /// <summary>Those of the publishers for which an event waits, behind one of its account or of the stream that stores it.</summary>
    internal async Task<IReadOnlySet<string>> FindPublishersAsync(
        IReadOnlyCollection<string> publishers, PublicEvent e, CancellationToken ct) => (await source.ListAsync(
        $"select publisher from {Table} where publisher = any($1) and account = any($2) and position <= $3",
        [publishers.ToArray(), new[] { e.Stream, e.StoredIn }, e.Position],
        row => row.GetString(0),
        ct)).ToHashSet();

    /// <summary>The number of blocked accounts for each publisher and cause; of one account if it is given.</summary>
    public Task<IReadOnlyList<(string Publisher, string Cause, long Accounts, DateTimeOffset Oldest)>> CountAsync(
        Guid? account, CancellationToken ct) => source.ListAsync(
        $"select publisher, cause, count(*), min(since) from {Table} where $1::uuid is null or account = $1 "
            + "group by publisher, cause order by publisher, cause",
        [account],
        row => (row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetFieldValue<DateTimeOffset>(3)),
        ct);

    /// <summary>
    /// Requests in the caller's transaction that blocked accounts are tried again, or that their first blocked event is skipped.
    /// </summary>
    /// <returns>The accounts that the request applies to.</returns>
    public static Task<IReadOnlyList<BlockedAccount>> RequestReleaseAsync(
        NpgsqlTransaction transaction, string release, string? publisher, string? cause, Guid? account, CancellationToken ct)
    {
        return transaction.Connection!.ListAsync(
            $"update {Table} set release = $1 where cause <> '{PausedCause}' and release is null and ($2::text is null or publisher = $2) "
                + $"and ($3::text is null or cause = $3) and ($4::uuid is null or account = $4) returning {Columns}",
            [release, publisher, cause, account],
            Read,
            ct);
    }

    /// <summary>The next positions of unreadable events that block accounts whose release is not requested, the lowest first.</summary>
    internal Task<IReadOnlyList<long>> ListUnreadableAsync(long after, int limit, CancellationToken ct) => source.ListAsync(
        $"select distinct position from {Table} where cause = '{UnreadableCause}' and release is null and position > $1 "
            + $"order by position limit {limit}",
        [after],
        row => row.GetInt64(0),
        ct);

    /// <summary>Requests that the accounts are tried again which unreadable events at these positions block.</summary>
    /// <returns>Their publishers.</returns>
    internal async Task<IReadOnlySet<string>> ReleaseUnreadableAsync(IReadOnlyCollection<long> positions, CancellationToken ct) =>
        (await source.ListAsync(
            $"update {Table} set release = '{Retry}' where cause = '{UnreadableCause}' and release is null and position = any($1) "
                + "returning publisher",
            [positions.ToArray()],
            row => row.GetString(0),
            ct)).ToHashSet();

    /// <summary>The events that operators discarded at a destination.</summary>
    internal async Task<DiscardedEvents> ReadDiscardedAsync(string publisher, CancellationToken ct) => new(await source.ListAsync(
        $"select data ->> 'event', (data ->> 'position')::bigint from {SchemaNames.Events}.mt_events "
            + "where stream_id = $1 and type = any($2) order by version",
        [PublisherControl.StreamOf(publisher), (string[])[DeadLetterDiscarded.Name, DestinationSet.Name]],
        row => (row.GetOrDefault<string>(0), row.GetOrDefault<long?>(1)),
        ct));

    /// <summary>Blocks accounts. If one is blocked already, or twice, its first event counts.</summary>
    internal async Task AddAsync(NpgsqlTransaction transaction, string publisher, IReadOnlyList<Rejected> rejected, CancellationToken ct)
    {
        foreach (var rejection in rejected)
        {
            await transaction.Connection!.ExecuteAsync(
                $"insert into {Table} as b ({Columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, 1, null) "
                    + "on conflict (publisher, account) do update set position = excluded.position, event_id = excluded.event_id, "
                    + "event_type = excluded.event_type, cause = excluded.cause, detail = excluded.detail, since = excluded.since, "
                    + "attempts = excluded.attempts, release = null where b.position > excluded.position",
                [
                    publisher, rejection.Event.Stream, rejection.Event.Position, rejection.Event.Id, rejection.Event.Type,
                    rejection.Cause, rejection.Detail, clock.GetUtcNow(),
                ],
                ct);
        }
    }

    /// <summary>Keeps an account blocked after another attempt, possibly by a later event.</summary>
    internal async Task KeepBlockedAsync(NpgsqlTransaction transaction, BlockedAccount account, Rejected rejected, CancellationToken ct)
    {
        var isSameEvent = rejected.Event.Position == account.Position;
        await transaction.Connection!.ExecuteAsync(
            $"update {Table} set position = $3, event_id = $4, event_type = $5, cause = $6, detail = $7, since = $8, attempts = $9, "
                + "release = null where publisher = $1 and account = $2",
            [
                account.Publisher,
                account.Account,
                rejected.Event.Position,
                rejected.Event.Id,
                rejected.Event.Type,
                rejected.Cause,
                rejected.Detail,
                isSameEvent ? account.Since : clock.GetUtcNow(),
                isSameEvent ? account.Attempts + 1 : 1,
            ],
            ct);
    }

    /// <summary>Moves a blocked account that has more events to deliver.</summary>
    internal static async Task MoveAsync(NpgsqlTransaction transaction, BlockedAccount account, long position, CancellationToken ct) =>
        await transaction.Connection!.ExecuteAsync(
            $"update {Table} set position = $3, release = '{Retry}' where publisher = $1 and account = $2",
            [account.Publisher, account.Account, position],
            ct);

    internal static async Task RemoveAsync(NpgsqlTransaction transaction, BlockedAccount account, CancellationToken ct) =>
        await transaction.Connection!.ExecuteAsync(
            $"delete from {Table} where publisher = $1 and account = $2", [account.Publisher, account.Account], ct);

    private Task<IReadOnlyList<BlockedAccount>> ListAsync(string condition, object?[] values, CancellationToken ct) =>
        source.ListAsync($"select {Columns} from {Table} where {condition}", values, Read, ct);

    private static BlockedAccount Read(NpgsqlDataReader row) => new(
        row.GetString(0),
        row.GetGuid(1),
        row.GetInt64(2),
        row.GetString(3),
        row.GetString(4),
        row.GetString(5),
        row.GetString(6),
        row.GetFieldValue<DateTimeOffset>(7),
        row.GetInt32(8),
        row.GetOrDefault<string>(9));
}

/// <summary>An account whose events one publisher does not deliver.</summary>
/// <param name="Position">The position of the first blocked event.</param>
/// <param name="Attempts">How often this event was tried.</param>
/// <param name="Release">The requested release, retry or discard, that the publisher has not carried out yet.</param>
public sealed record BlockedAccount(
    string Publisher,
    Guid Account,
    long Position,
    string EventId,
    string EventType,
    string Cause,
    string Detail,
    DateTimeOffset Since,
    int Attempts,
    string? Release);
