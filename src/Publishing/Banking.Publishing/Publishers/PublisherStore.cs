using Banking.EventStore.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Publishing.Publishers;

/// <summary>
/// The checkpoints of publishers. Only the host that owns a publisher moves its checkpoint; any host may request a change.
/// </summary>
public sealed class PublisherStore(NpgsqlDataSource source, TimeProvider clock)
{
    internal const string Table = PublishingModule.Schema + ".publisher";

    /// <summary>A publisher's row is its checkpoint in the log. It stores nothing that could not be derived again from the log.</summary>
    public static IReadOnlyList<string> Sql { get; } =
    [
        $"""
            create schema if not exists {PublishingModule.Schema};
            {RenameFormerTables}
            create table if not exists {PublishingModule.Schema}.publisher (
                name text primary key, kind text not null, position bigint not null, start_position bigint not null,
                delivered bigint not null default 0,
                held_at timestamptz, held_by text, held_reason text,
                error text, error_at timestamptz, attempts int not null default 0,
                epoch bigint not null default 0, updated_at timestamptz not null);
            create table if not exists {PublishingModule.Schema}.held_type (
                publisher text not null, type text not null, held_at timestamptz not null, held_by text not null, reason text not null,
                primary key (publisher, type));
            create table if not exists {PublishingModule.Schema}.blocked_account (
                publisher text not null, account uuid not null, position bigint not null, event_id text not null, event_type text not null,
                cause text not null, detail text not null, since timestamptz not null, attempts int not null default 1, release text,
                primary key (publisher, account));
            create index if not exists blocked_account_release on {PublishingModule.Schema}.blocked_account (publisher, position)
                where release is not null;
            """,
    ];

    /// <summary>
    /// Gives the tables of earlier versions their present names, with all rows. A host of an earlier version that starts after that creates
    /// its tables again: they are dropped while they are empty. With rows they are refused, because there are two checkpoints then.
    /// </summary>
    private const string RenameFormerTables =
        $"""
        do $$
        declare
            former_has_rows boolean;
        begin
            if to_regclass('{PublishingModule.Schema}.lane') is null then
                return;
            end if;
            if to_regclass('{PublishingModule.Schema}.publisher') is not null then
                select exists (select from {PublishingModule.Schema}.lane) into former_has_rows;
                if to_regclass('{PublishingModule.Schema}.waiting_account') is not null and not former_has_rows then
                    select exists (select from {PublishingModule.Schema}.waiting_account) into former_has_rows;
                end if;
                if former_has_rows then
                    raise exception
                        'A host of an earlier version published after the upgrade: its tables lane and waiting_account have rows.'
                        using hint = 'Stop the hosts of the earlier version, then drop both tables. Publishers continue at those of '
                            '{PublishingModule.Schema}.publisher.';
                end if;
                drop table {PublishingModule.Schema}.lane;
                drop table if exists {PublishingModule.Schema}.waiting_account;
                return;
            end if;
            alter table {PublishingModule.Schema}.lane rename to publisher;
            alter index {PublishingModule.Schema}.lane_pkey rename to publisher_pkey;
            alter table {PublishingModule.Schema}.held_type rename column lane to publisher;
            alter table {PublishingModule.Schema}.waiting_account rename to blocked_account;
            alter table {PublishingModule.Schema}.blocked_account rename column lane to publisher;
            alter index {PublishingModule.Schema}.waiting_account_pkey rename to blocked_account_pkey;
            alter index {PublishingModule.Schema}.waiting_account_release rename to blocked_account_release;
        end $$;
        """;

    public async Task<PublisherRow?> FindAsync(string name, CancellationToken ct) => await AllAsync([name], ct) is [var row] ? row : null;

    /// <summary>The publishers with these names; all if there are no names.</summary>
    public Task<IReadOnlyList<PublisherRow>> AllAsync(IReadOnlyCollection<string>? names, CancellationToken ct) => names is null
        ? ReadAsync("", [], ct)
        : ReadAsync("where p.name = any($1)", [names.ToArray()], ct);

    /// <summary>
    /// The publishers that may be in trouble: paused, with a problem, with blocked accounts, or with one of these checkpoints.
    /// </summary>
    internal Task<IReadOnlyList<PublisherRow>> TroubledAsync(IReadOnlyCollection<long> checkpoints, CancellationToken ct) => ReadAsync(
        "where p.held_at is not null or p.error is not null or p.position = any($1) "
            + $"or p.name in (select publisher from {PublishingModule.Schema}.blocked_account)",
        [checkpoints.ToArray()],
        ct);

    /// <summary>The checkpoints of all publishers.</summary>
    internal Task<IReadOnlyList<(string Name, long Position)>> CheckpointsAsync(CancellationToken ct) => source.ListAsync(
        $"select name, position from {Table} order by name", [], row => (row.GetString(0), row.GetInt64(1)), ct);

    /// <summary>The names of the publishers of a kind.</summary>
    internal Task<IReadOnlyList<string>> NamesAsync(string kind, CancellationToken ct) =>
        source.ListAsync($"select name from {Table} where kind = $1", [kind], row => row.GetString(0), ct);

    /// <summary>Deletes publishers with their blocked accounts: their destinations were removed for good.</summary>
    internal async Task DeleteAsync(string[] names, CancellationToken ct) => await source.ExecuteAsync(
        $"with gone as (delete from {PublishingModule.Schema}.publisher where name = any($1) returning name), " +
            $"types as (delete from {PublishingModule.Schema}.held_type where publisher in (select name from gone)) " +
            $"delete from {PublishingModule.Schema}.blocked_account where publisher in (select name from gone)",
        [names],
        ct);

    /// <summary>Counts events of blocked accounts, which are delivered outside the pages of the log.</summary>
    internal static async Task AddDeliveredAsync(
        NpgsqlTransaction transaction, string publisher, long epoch, int delivered, CancellationToken ct)
    {
        if (await transaction.Connection!.ExecuteAsync(
            $"update {Table} set delivered = delivered + $3 where name = $1 and epoch = $2", [publisher, epoch, delivered], ct) == 0)
        {
            throw new CheckpointMovedException(publisher);
        }
    }

    /// <summary>Stores the current problem of publishers; null if there is none.</summary>
    /// <returns>The publishers whose row was changed. A row that is locked keeps its problem.</returns>
    internal async Task<IReadOnlySet<string>> SetProblemAsync(
        IReadOnlyCollection<string> publishers, string? problem, int attempts, CancellationToken ct) => (await source.ListAsync(
        $"with mine as (select name from {Table} where name = any($1) order by name for update skip locked) "
            + $"update {Table} p set error = $2, error_at = case when $2 is null then null else $3 end, attempts = $4 "
            + "from mine where p.name = mine.name returning p.name",
        [publishers.ToArray(), NpgsqlDbType.Text.Of(problem), clock.GetUtcNow(), attempts],
        row => row.GetString(0),
        ct)).ToHashSet();

    private Task<IReadOnlyList<PublisherRow>> ReadAsync(string condition, object?[] values, CancellationToken ct) =>
        source.ListAsync(
            "select p.name, p.kind, p.position, p.start_position, p.delivered, p.held_at, p.held_by, p.held_reason, "
                + "p.error, p.error_at, p.attempts, p.updated_at, p.epoch, "
                + $"coalesce((select array_agg(t.type order by t.type) from {PublishingModule.Schema}.held_type t "
                + $"where t.publisher = p.name), '{{}}') from {Table} p {condition} order by p.name",
            values,
            row => new PublisherRow(
                row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4),
                row.IsDBNull(5) ? null : new(row.GetFieldValue<DateTimeOffset>(5), row.GetString(6), row.GetString(7)),
                row.IsDBNull(8) ? null : new(row.GetString(8), row.GetFieldValue<DateTimeOffset>(9), row.GetInt32(10)),
                row.GetFieldValue<DateTimeOffset>(11), row.GetInt64(12), row.GetFieldValue<string[]>(13)),
            ct);
}
