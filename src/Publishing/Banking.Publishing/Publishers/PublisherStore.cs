using Banking.EventStore.Log;
using Npgsql;

namespace Banking.Publishing.Publishers;

/// <summary>
/// The checkpoints of publishers. Only the host that owns a publisher moves its checkpoint; any host may request a change.
/// </summary>
public sealed class PublisherStore(NpgsqlDataSource source, HighWaterMark highWaterMark, TimeProvider clock)
{
    /// <summary>A publisher's row is its checkpoint in the log. It stores nothing that could not be derived again from the log.</summary>
    public static IReadOnlyList<string> Sql { get; } =
    [
        $"""
            create schema if not exists {PublishingModule.Schema};
            create table if not exists {PublishingModule.Schema}.lane (
                name text primary key, kind text not null, position bigint not null, start_position bigint not null,
                delivered bigint not null default 0,
                held_at timestamptz, held_by text, held_reason text,
                error text, error_at timestamptz, attempts int not null default 0,
                epoch bigint not null default 0, updated_at timestamptz not null);
            create table if not exists {PublishingModule.Schema}.held_type (
                lane text not null, type text not null, held_at timestamptz not null, held_by text not null, reason text not null,
                primary key (lane, type));
            create table if not exists {PublishingModule.Schema}.waiting_account (
                lane text not null, account uuid not null, position bigint not null, event_id text not null, event_type text not null,
                cause text not null, detail text not null, since timestamptz not null, attempts int not null default 1, release text,
                primary key (lane, account));
            create index if not exists waiting_account_release on {PublishingModule.Schema}.waiting_account (lane, position)
                where release is not null;
            """,
    ];

    /// <summary>The stored publisher; it is created if it is new.</summary>
    internal async Task<PublisherRow> OpenAsync(DestinationSpec spec, CancellationToken ct)
    {
        await using (
            var add = source.CreateCommand(
                $"insert into {PublishingModule.Schema}.lane (name, kind, position, start_position, updated_at) "
                    + "values ($1, $2, $3, $3, $4) on conflict do nothing"))
        {
            add.Parameters.Add(new() { Value = spec.Name });
            add.Parameters.Add(new() { Value = spec.Kind });
            add.Parameters.Add(new() { Value = spec.From.Position ?? await highWaterMark.LookAsync(ct) });
            add.Parameters.Add(new() { Value = clock.GetUtcNow() });
            await add.ExecuteNonQueryAsync(ct);
        }

        return await FindAsync(spec.Name, ct) ?? throw new InvalidOperationException($"The row of the publisher {spec.Name} is missing.");
    }

    public async Task<PublisherRow?> FindAsync(string name, CancellationToken ct) => await AllAsync(name, ct) is [var row] ? row : null;

    public async Task<IReadOnlyList<PublisherRow>> AllAsync(string? name, CancellationToken ct)
    {
        await using var command = source.CreateCommand(
            "select l.name, l.kind, l.position, l.start_position, l.delivered, l.held_at, l.held_by, l.held_reason, "
                + "l.error, l.error_at, l.attempts, l.updated_at, l.epoch, "
                + $"coalesce((select array_agg(t.type order by t.type) from {PublishingModule.Schema}.held_type t "
                + "where t.lane = l.name), '{}') "
                + $"from {PublishingModule.Schema}.lane l where $1::text is null or l.name = $1 order by l.name");
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = name });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new List<PublisherRow>();
        while (await reader.ReadAsync(ct))
        {
            rows.Add(new(
                reader.GetString(0), reader.GetString(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4),
                reader.IsDBNull(5) ? null : new(reader.GetFieldValue<DateTimeOffset>(5), reader.GetString(6), reader.GetString(7)),
                reader.IsDBNull(8) ? null : new(reader.GetString(8), reader.GetFieldValue<DateTimeOffset>(9), reader.GetInt32(10)),
                reader.GetFieldValue<DateTimeOffset>(11), reader.GetInt64(12), reader.GetFieldValue<string[]>(13)));
        }

        return rows;
    }

    /// <summary>
    /// Deletes the publishers of a kind except the given ones, with their blocked accounts: their destinations were removed for good.
    /// </summary>
    internal async Task DeleteOthersAsync(string kind, IReadOnlyList<string> keep, CancellationToken ct)
    {
        await using var command = source.CreateCommand(
            $"with gone as (delete from {PublishingModule.Schema}.lane where kind = $1 and not name = any($2) returning name), " +
            $"types as (delete from {PublishingModule.Schema}.held_type where lane in (select name from gone)) " +
            $"delete from {PublishingModule.Schema}.waiting_account where lane in (select name from gone)");
        command.Parameters.Add(new() { Value = kind });
        command.Parameters.Add(new() { Value = keep.ToArray() });
        await command.ExecuteNonQueryAsync(ct);
    }

    /// <summary>
    /// Takes the publisher over: from now on a former owner cannot record anything. Blocked accounts must be read after this call; before
    /// it another host could still change them.
    /// </summary>
    internal async Task<long> TakeOverAsync(string publisher, CancellationToken ct)
    {
        await using var command = source.CreateCommand(
            $"update {PublishingModule.Schema}.lane set epoch = epoch + 1 where name = $1 returning epoch");
        command.Parameters.Add(new() { Value = publisher });
        return (long)(await command.ExecuteScalarAsync(ct)
            ?? throw new InvalidOperationException($"The row of the publisher {publisher} is missing."));
    }

    /// <summary>Counts events of blocked accounts, which are delivered outside the pages of the log.</summary>
    internal static async Task AddDeliveredAsync(
        NpgsqlTransaction transaction, string publisher, long epoch, int delivered, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"update {PublishingModule.Schema}.lane set delivered = delivered + $3 where name = $1 and epoch = $2",
            transaction.Connection,
            transaction);
        command.Parameters.Add(new() { Value = publisher });
        command.Parameters.Add(new() { Value = epoch });
        command.Parameters.Add(new() { Value = delivered });
        if (await command.ExecuteNonQueryAsync(ct) == 0)
        {
            throw new CheckpointMovedException(publisher);
        }
    }

    /// <summary>Stores the publisher's current problem; null if there is none.</summary>
    internal async Task SetProblemAsync(string publisher, string? problem, int attempts, CancellationToken ct)
    {
        await using var command = source.CreateCommand(
            $"update {PublishingModule.Schema}.lane set error = $2, error_at = case when $2 is null then null else $3 end, "
                + "attempts = $4 where name = $1");
        command.Parameters.Add(new() { Value = publisher });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = problem });
        command.Parameters.Add(new() { Value = clock.GetUtcNow() });
        command.Parameters.Add(new() { Value = attempts });
        await command.ExecuteNonQueryAsync(ct);
    }
}

/// <summary>A publisher as stored.</summary>
/// <param name="Position">The checkpoint: every event up to this position was delivered, or its account is blocked.</param>
/// <param name="Delivered">Events delivered so far.</param>
/// <param name="Epoch">Increases each time a host takes the publisher over.</param>
/// <param name="HeldTypes">Event types that are held.</param>
public sealed record PublisherRow(
    string Name,
    string Kind,
    long Position,
    long StartPosition,
    long Delivered,
    PublisherPause? Held,
    PublisherProblem? Problem,
    DateTimeOffset UpdatedAt,
    long Epoch,
    IReadOnlyList<string> HeldTypes);

/// <summary>A hold: publication is stopped until an operator releases it.</summary>
public sealed record PublisherPause(DateTimeOffset At, string By, string Reason);

/// <summary>The current problem of a publisher.</summary>
/// <param name="Attempts">Failed attempts in a row.</param>
public sealed record PublisherProblem(string Text, DateTimeOffset At, int Attempts);
