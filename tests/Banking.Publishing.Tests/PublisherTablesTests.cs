using Banking.Publishing.Publishers;
using Banking.Testing;
using Npgsql;

namespace Banking.Publishing.Tests;

/// <summary>Tables that an earlier version named differently are renamed, with all their rows.</summary>
public sealed class PublisherTablesTests : IAsyncLifetime
{
    /// <summary>What a host of an earlier version runs when it starts.</summary>
    private const string FormerTables =
        """
        create table if not exists publishing.lane (
            name text primary key, kind text not null, position bigint not null, start_position bigint not null,
            delivered bigint not null default 0, held_at timestamptz, held_by text, held_reason text, error text,
            error_at timestamptz, attempts int not null default 0, epoch bigint not null default 0, updated_at timestamptz not null);
        create table if not exists publishing.held_type (
            lane text not null, type text not null, held_at timestamptz not null, held_by text not null, reason text not null,
            primary key (lane, type));
        create table if not exists publishing.waiting_account (
            lane text not null, account uuid not null, position bigint not null, event_id text not null, event_type text not null,
            cause text not null, detail text not null, since timestamptz not null, attempts int not null default 1, release text,
            primary key (lane, account));
        create index if not exists waiting_account_release on publishing.waiting_account (lane, position) where release is not null;
        """;

    private string _database = "";

    public async ValueTask InitializeAsync() => _database = await BankFixture.NewDatabaseAsync();

    public async ValueTask DisposeAsync() => await TestCluster.DropAsync(_database);

    [Fact]
    public async Task Checkpoints_paused_types_and_blocked_accounts_keep_their_rows_when_their_tables_are_renamed()
    {
        await using var owner = NpgsqlDataSource.Create(TestCluster.Owner(_database));
        await ExecuteAsync(
            owner,
            $$"""
            drop table publishing.publisher, publishing.held_type, publishing.blocked_account;
            {{FormerTables}}
            insert into publishing.lane values ('kafka', 'kafka', 42, 0, 7, null, null, null, null, null, 0, 3, now());
            insert into publishing.held_type values ('kafka', 'a.v1', now(), 'me', 'why');
            insert into publishing.waiting_account values ('kafka', gen_random_uuid(), 40, 'evt_1', 'a.v1', 'no', 'text', now(), 1, null);
            """);

        // Twice: every start of an owner runs it.
        await ExecuteAsync(owner, string.Concat(PublisherStore.Sql));
        await ExecuteAsync(owner, string.Concat(PublisherStore.Sql));

        await using var count = owner.CreateCommand(
            """
            select p.position || ' ' || p.epoch || ' ' || h.type || ' ' || b.position
            from publishing.publisher p join publishing.held_type h on h.publisher = p.name
                join publishing.blocked_account b on b.publisher = p.name
            """);
        Assert.Equal("42 3 a.v1 40", await count.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Empty_tables_of_an_earlier_host_that_starts_after_the_upgrade_are_dropped()
    {
        await using var owner = NpgsqlDataSource.Create(TestCluster.Owner(_database));
        await ExecuteAsync(owner, FormerTables);

        await ExecuteAsync(owner, string.Concat(PublisherStore.Sql));

        await using var left = owner.CreateCommand(
            "select count(*) from pg_tables where schemaname = 'publishing' and tablename in ('lane', 'waiting_account')");
        Assert.Equal(0L, await left.ExecuteScalarAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Checkpoints_of_an_earlier_host_that_published_after_the_upgrade_are_refused()
    {
        await using var owner = NpgsqlDataSource.Create(TestCluster.Owner(_database));
        await ExecuteAsync(owner, FormerTables);
        await ExecuteAsync(
            owner, "insert into publishing.lane values ('kafka', 'kafka', 42, 0, 7, null, null, null, null, null, 0, 3, now())");

        var refused = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(owner, string.Concat(PublisherStore.Sql)));

        Assert.Equal(PostgresErrorCodes.RaiseException, refused.SqlState);
        Assert.Contains("published after the upgrade", refused.MessageText, StringComparison.Ordinal);
    }

    private static async Task ExecuteAsync(NpgsqlDataSource owner, string sql)
    {
        await using var command = owner.CreateCommand(sql);
        await Deadlocks.RetryAsync(() => command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
    }
}
