using Banking.EventStore.Log;
using Npgsql;

namespace Banking.Publishing.Publishers;

/// <summary>
/// Where each lane is, and which accounts wait on it. Only the host that leads moves them; anybody may ask for a change that it makes.
/// </summary>
public sealed class PublisherStore(NpgsqlDataSource source, HighWaterMark mark, TimeProvider clock)
{
    /// <summary>A lane's row is a place in the log, and nothing that could not be made again from there.</summary>
    public static IReadOnlyList<string> Sql { get; } =
    [
        $"""
            create schema if not exists {PublishingModule.Schema};
            create table if not exists {PublishingModule.Schema}.lane (
                name text primary key, kind text not null, position bigint not null, start_position bigint not null, delivered bigint not null default 0,
                held_at timestamptz, held_by text, held_reason text,
                error text, error_at timestamptz, attempts int not null default 0, epoch bigint not null default 0, updated_at timestamptz not null);
            create table if not exists {PublishingModule.Schema}.held_type (
                lane text not null, type text not null, held_at timestamptz not null, held_by text not null, reason text not null, primary key (lane, type));
            create table if not exists {PublishingModule.Schema}.waiting_account (
                lane text not null, account uuid not null, position bigint not null, event_id text not null, event_type text not null,
                cause text not null, detail text not null, since timestamptz not null, attempts int not null default 1, release text,
                primary key (lane, account));
            create index if not exists waiting_account_release on {PublishingModule.Schema}.waiting_account (lane, position) where release is not null;
            """,
    ];

    /// <summary>The lane, made where it is new.</summary>
    internal async Task<PublisherRow> OpenAsync(DestinationSpec spec, CancellationToken ct)
    {
        await using (
            var add = source.CreateCommand(
                $"insert into {PublishingModule.Schema}.lane (name, kind, position, start_position, updated_at) values ($1, $2, $3, $3, $4) on conflict do nothing"
            ))
        {
            add.Parameters.Add(new() { Value = spec.Name });
            add.Parameters.Add(new() { Value = spec.Kind });
            add.Parameters.Add(new() { Value = spec.From.Position ?? await mark.LookAsync(ct) });
            add.Parameters.Add(new() { Value = clock.GetUtcNow() });
            await add.ExecuteNonQueryAsync(ct);
        }

        return await FindAsync(spec.Name, ct) ?? throw new InvalidOperationException($"The lane {spec.Name} is gone.");
    }

    public async Task<PublisherRow?> FindAsync(string name, CancellationToken ct) => await AllAsync(name, ct) is [var row] ? row : null;

    public async Task<IReadOnlyList<PublisherRow>> AllAsync(string? name, CancellationToken ct)
    {
        await using var command = source.CreateCommand(
            "select l.name, l.kind, l.position, l.start_position, l.delivered, l.held_at, l.held_by, l.held_reason, l.error, l.error_at, l.attempts, l.updated_at, l.epoch, "
                + $"coalesce((select array_agg(t.type order by t.type) from {PublishingModule.Schema}.held_type t where t.lane = l.name), '{{}}') "
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
    /// Forgets the lanes of a kind that are none of these: their destinations are gone for good, and nothing waits for them any more.
    /// </summary>
    internal async Task ForgetAsync(string kind, IReadOnlyList<string> keep, CancellationToken ct)
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
    /// Takes the lane over: from here on nothing of whoever had it before can be stored. Which accounts wait is read after this, or another
    /// host could still add to them, or take from them, behind the back of who leads.
    /// </summary>
    internal async Task<long> TakeOverAsync(string lane, CancellationToken ct)
    {
        await using var command = source.CreateCommand(
            $"update {PublishingModule.Schema}.lane set epoch = epoch + 1 where name = $1 returning epoch");
        command.Parameters.Add(new() { Value = lane });
        return (long)(await command.ExecuteScalarAsync(ct) ?? throw new InvalidOperationException($"The lane {lane} is gone."));
    }

    /// <summary>Events that were delivered apart from the lane's own way, by who has it.</summary>
    internal static async Task CountAsync(NpgsqlTransaction transaction, string lane, long epoch, int delivered, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"update {PublishingModule.Schema}.lane set delivered = delivered + $3 where name = $1 and epoch = $2",
            transaction.Connection,
            transaction);
        command.Parameters.Add(new() { Value = lane });
        command.Parameters.Add(new() { Value = epoch });
        command.Parameters.Add(new() { Value = delivered });
        if (await command.ExecuteNonQueryAsync(ct) == 0)
        {
            throw new CheckpointMovedException(lane);
        }
    }

    /// <summary>What is in the way, in plain words; null where nothing is any more.</summary>
    internal async Task SayAsync(string lane, string? trouble, int attempts, CancellationToken ct)
    {
        await using var command = source.CreateCommand(
            $"update {PublishingModule.Schema}.lane set error = $2, error_at = case when $2 is null then null else $3 end, attempts = $4 where name = $1"
        );
        command.Parameters.Add(new() { Value = lane });
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = trouble });
        command.Parameters.Add(new() { Value = clock.GetUtcNow() });
        command.Parameters.Add(new() { Value = attempts });
        await command.ExecuteNonQueryAsync(ct);
    }
}

/// <summary>One lane as stored.</summary>
/// <param name="Position">Everything up to here was delivered, or waits for its account to go on.</param>
/// <param name="Delivered">Events delivered so far.</param>
/// <param name="Epoch">Rises each time that somebody takes the lane over.</param>
/// <param name="HeldTypes">Types that are held back.</param>
public sealed record PublisherRow(
    string Name,
    string Kind,
    long Position,
    long StartPosition,
    long Delivered,
    PublisherPause? Held,
    PublisherProblem? Trouble,
    DateTimeOffset UpdatedAt,
    long Epoch,
    IReadOnlyList<string> HeldTypes);

/// <summary>Publication stands still until somebody lets it go on.</summary>
public sealed record PublisherPause(DateTimeOffset At, string By, string Reason);

/// <summary>What is in the way.</summary>
/// <param name="Attempts">In a row, without success.</param>
public sealed record PublisherProblem(string Text, DateTimeOffset At, int Attempts);
