using Npgsql;

namespace Banking.Publishing.Publishers;

/// <summary>
/// Accounts with an event that was rejected or that is of a held type. Their later events wait behind it, so that the order holds; other
/// accounts are not affected. The row keeps only the position of the first blocked event: the events are read from the log.
/// </summary>
public sealed class BlockedAccounts(NpgsqlDataSource source, TimeProvider clock)
{
    /// <summary>The cause of an account that is blocked by a held event type.</summary>
    public const string HeldCause = "held";

    public const string Retry = "retry";
    public const string Discard = "discard";

    private const string Table = PublishingModule.Schema + ".waiting_account";
    private const string Columns = "lane, account, position, event_id, event_type, cause, detail, since, attempts, release";

    /// <summary>Accounts to try again now, the lowest position first.</summary>
    internal Task<IReadOnlyList<BlockedAccount>> ListReleasedAsync(
        string publisher, IReadOnlyList<string> heldTypes, int limit, CancellationToken ct) =>
        ListAsync(
            $"lane = $1 and (release is not null or (cause = '{HeldCause}' and not event_type = any($2))) order by position limit {limit}",
            ct,
            publisher,
            heldTypes.ToArray());

    /// <summary>Dead letters: accounts blocked by a rejected event, without those blocked by a held type.</summary>
    public Task<IReadOnlyList<BlockedAccount>> ListRejectedAsync(
        string? publisher, string? cause, Guid? account, int limit, CancellationToken ct) =>
        ListAsync(
            $"cause <> '{HeldCause}' and ($1::text is null or lane = $1) and ($2::text is null or cause = $2) "
                + $"and ($3::uuid is null or account = $3) order by position, lane limit {limit}",
            ct,
            new NpgsqlParameter<string?> { TypedValue = publisher },
            new NpgsqlParameter<string?> { TypedValue = cause },
            new NpgsqlParameter<Guid?> { TypedValue = account });

    /// <summary>Whether the account is blocked at this position or before it.</summary>
    internal async Task<bool> IsBlockedAsync(string publisher, Guid account, long position, CancellationToken ct)
    {
        await using var command = source.CreateCommand(
            $"select exists (select from {Table} where lane = $1 and account = $2 and position <= $3)");
        command.Parameters.Add(new() { Value = publisher });
        command.Parameters.Add(new() { Value = account });
        command.Parameters.Add(new() { Value = position });
        return (bool)(await command.ExecuteScalarAsync(ct))!;
    }

    /// <summary>The number of blocked accounts for each publisher and cause; of one account if it is given.</summary>
    public async Task<IReadOnlyList<(string Publisher, string Cause, long Accounts, DateTimeOffset Oldest)>> CountAsync(
        Guid? account, CancellationToken ct)
    {
        await using var command = source.CreateCommand(
            $"select lane, cause, count(*), min(since) from {Table} where $1::uuid is null or account = $1 "
                + "group by lane, cause order by lane, cause");
        command.Parameters.Add(new NpgsqlParameter<Guid?> { TypedValue = account });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var counts = new List<(string, string, long, DateTimeOffset)>();
        while (await reader.ReadAsync(ct))
        {
            counts.Add((reader.GetString(0), reader.GetString(1), reader.GetInt64(2), reader.GetFieldValue<DateTimeOffset>(3)));
        }

        return counts;
    }

    /// <summary>
    /// Requests in the caller's transaction that blocked accounts are tried again, or that their first blocked event is skipped.
    /// </summary>
    /// <returns>The accounts that the request applies to.</returns>
    public static async Task<IReadOnlyList<BlockedAccount>> RequestReleaseAsync(
        NpgsqlTransaction transaction, string release, string? publisher, string? cause, Guid? account, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        await using var command = new NpgsqlCommand(
            $"update {Table} set release = $1 where cause <> '{HeldCause}' and release is null and ($2::text is null or lane = $2) "
                + $"and ($3::text is null or cause = $3) and ($4::uuid is null or account = $4) returning {Columns}",
            transaction.Connection,
            transaction);
        command.Parameters.Add(new() { Value = release });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = publisher });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = cause });
        command.Parameters.Add(new NpgsqlParameter<Guid?> { TypedValue = account });
        return await ReadAsync(command, ct);
    }

    internal async Task AddAsync(NpgsqlTransaction transaction, string publisher, IReadOnlyList<Rejected> rejected, CancellationToken ct)
    {
        foreach (var rejection in rejected)
        {
            await ExecuteAsync(
                transaction,
                $"insert into {Table} ({Columns}) values ($1, $2, $3, $4, $5, $6, $7, $8, 1, null)", ct,
                publisher, rejection.Event.Stream, rejection.Event.Position, rejection.Event.Id, rejection.Event.Type,
                rejection.Cause, rejection.Detail, clock.GetUtcNow());
        }
    }

    /// <summary>Keeps an account blocked after another attempt, possibly by a later event.</summary>
    internal Task KeepBlockedAsync(NpgsqlTransaction transaction, BlockedAccount account, Rejected rejected, CancellationToken ct)
    {
        var isSameEvent = rejected.Event.Position == account.Position;
        return ExecuteAsync(
            transaction,
            $"update {Table} set position = $3, event_id = $4, event_type = $5, cause = $6, detail = $7, since = $8, attempts = $9, "
                + "release = null where lane = $1 and account = $2",
            ct,
            account.Publisher,
            account.Account,
            rejected.Event.Position,
            rejected.Event.Id,
            rejected.Event.Type,
            rejected.Cause,
            rejected.Detail,
            isSameEvent ? account.Since : clock.GetUtcNow(),
            isSameEvent ? account.Attempts + 1 : 1);
    }

    /// <summary>Moves a blocked account that has more events to deliver.</summary>
    internal static Task MoveAsync(NpgsqlTransaction transaction, BlockedAccount account, long position, CancellationToken ct) =>
        ExecuteAsync(
            transaction,
            $"update {Table} set position = $3, release = '{Retry}' where lane = $1 and account = $2",
            ct,
            account.Publisher,
            account.Account,
            position);

    internal static Task RemoveAsync(NpgsqlTransaction transaction, BlockedAccount account, CancellationToken ct) =>
        ExecuteAsync(transaction, $"delete from {Table} where lane = $1 and account = $2", ct, account.Publisher, account.Account);

    private async Task<IReadOnlyList<BlockedAccount>> ListAsync(string condition, CancellationToken ct, params object[] values)
    {
        await using var command = source.CreateCommand($"select {Columns} from {Table} where {condition}");
        foreach (var value in values)
        {
            command.Parameters.Add(value as NpgsqlParameter ?? new() { Value = value });
        }

        return await ReadAsync(command, ct);
    }

    private static async Task<IReadOnlyList<BlockedAccount>> ReadAsync(NpgsqlCommand command, CancellationToken ct)
    {
        await using var reader = await command.ExecuteReaderAsync(ct);
        var accounts = new List<BlockedAccount>();
        while (await reader.ReadAsync(ct))
        {
            accounts.Add(
                new(
                    reader.GetString(0),
                    reader.GetGuid(1),
                    reader.GetInt64(2),
                    reader.GetString(3),
                    reader.GetString(4),
                    reader.GetString(5),
                    reader.GetString(6),
                    reader.GetFieldValue<DateTimeOffset>(7),
                    reader.GetInt32(8),
                    reader.IsDBNull(9) ? null : reader.GetString(9)));
        }

        return accounts;
    }

    private static async Task ExecuteAsync(NpgsqlTransaction transaction, string sql, CancellationToken ct, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, transaction.Connection, transaction);
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        await command.ExecuteNonQueryAsync(ct);
    }
}

/// <summary>An account whose events one publisher holds back.</summary>
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
