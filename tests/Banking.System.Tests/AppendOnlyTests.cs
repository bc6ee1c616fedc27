using Banking.Host.Database;
using Banking.Testing;
using Npgsql;

namespace Banking.System.Tests;

/// <summary>The database protects the log: the rights of the host's role, tested with SQL.</summary>
public sealed class AppendOnlyTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private static readonly string[] Log =
    [
        "bank.mt_events",
        "bank.mt_events_default",
        "bank.mt_events_archived",
        "platform.receipt",
        "platform.receipt_answer",
        "platform.receipt_answer_rest",
        "platform.mt_doc_refusal",
    ];
    private static readonly string[] Streams = ["bank.mt_streams", "bank.mt_streams_default", "bank.mt_streams_archived"];
    private static readonly string[] Fixed =
    [
        "id = id",
        "type = 'account'",
        "created = now()",
        "is_archived = true",
        "tenant_id = 'other'",
    ];

    public static TheoryData<string> Changes =>
        [
            .. Log.SelectMany(t =>
                (string[])
                    [
                        $"update {t} set {(t.StartsWith("bank", StringComparison.Ordinal) ? "version = version" : "id = id")}",
                        $"delete from {t}",
                        $"truncate {t}",
                    ]),
            "truncate bank.mt_events, bank.mt_streams cascade",
            .. Streams.SelectMany(t => (string[])[.. Fixed.Select(f => $"update {t} set {f}"), $"delete from {t}", $"truncate {t}"]),
        ];

    /// <summary>Statements that only an owner may run, on the tables and on their triggers.</summary>
    public static TheoryData<string> Detours =>
    [
        "alter table bank.mt_events disable trigger all",
        "drop trigger refuse_change on bank.mt_events_default",
        "drop table platform.receipt",
        "drop table platform.receipt_answer_rest",
        "insert into platform.receipt_answer_dropped values (current_date, now())",
        "delete from platform.receipt_answer_dropped",
        "alter table bank.mt_events detach partition bank.mt_events_archived",
        "create or replace function bank.refuse_change() returns trigger language plpgsql as $$ begin return null; end $$",
        "create table bank.other (id int)",
        "set session_replication_role = replica",
        "set role banking_owner",
        "select bank.mt_archive_stream((select id from bank.mt_streams limit 1))",
        "insert into platform.schema_part (name, fingerprint) values ('x', 'y')",
        "update platform.schema_part set fingerprint = 'y'",
        "grant update on bank.mt_events to banking_host; update bank.mt_events set version = version",
        "insert into platform.receipt select * from platform.receipt on conflict (id) do update set status = 500",
        "select 1 from bank.mt_events for update",
    ];

    [Theory]
    [MemberData(nameof(Changes))]
    public async Task The_hosts_role_has_no_right_to_change_the_log(string sql)
    {
        await AddHistoryAsync();

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, await RefusedAsync(bank.Database, sql));
    }

    [Theory]
    [MemberData(nameof(Detours))]
    public async Task The_hosts_role_cannot_bypass_the_protection_of_the_log(string sql)
    {
        await AddHistoryAsync();

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, await RefusedAsync(bank.Database, sql));
    }

    /// <summary>A right granted by mistake does not make the log writable.</summary>
    [Theory]
    [MemberData(nameof(Changes))]
    public async Task The_trigger_refuses_a_change_despite_a_wrong_grant(string sql)
    {
        await AddHistoryAsync();
        await using var connection = await bank.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await ExecuteAsync(
            connection, $"grant all on all tables in schema bank, platform to {DatabaseRoles.Host}; set local role {DatabaseRoles.Host}");

        var refused = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(connection, sql));

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
        Assert.Contains("append-only", refused.MessageText, StringComparison.Ordinal);
    }

    /// <summary>
    /// The trigger's function resolves names in schemas that the host's role cannot write: otherwise a temporary table could pretend that
    /// every role is a member of the owner.
    /// </summary>
    [Theory]
    [InlineData("update bank.mt_events set version = version")]
    [InlineData("delete from platform.receipt")]
    [InlineData("truncate bank.mt_streams_default")]
    public async Task The_trigger_is_not_deceived_by_a_temporary_table(string sql)
    {
        await AddHistoryAsync();
        await using var connection = await bank.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await ExecuteAsync(
            connection, $"grant all on all tables in schema bank, platform to {DatabaseRoles.Host}; set local role {DatabaseRoles.Host}");
        await ExecuteAsync(
            connection,
            "create temporary table pg_class on commit drop as select c.oid, r.oid as relowner "
                + "from pg_catalog.pg_class c, pg_catalog.pg_roles r where r.rolname = current_user");

        var refused = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(connection, sql));

        Assert.Contains("append-only", refused.MessageText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_role_that_is_not_a_member_of_the_owner_is_refused_whatever_its_rights()
    {
        await AddHistoryAsync();
        await using var connection = new NpgsqlConnection(await TestCluster.SuperuserAsync(bank.ConnectionString));
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await ExecuteAsync(
            connection,
            "create role a_stranger; grant usage on schema bank to a_stranger; grant all on all tables in schema bank to a_stranger; "
                + "set local role a_stranger");

        var refused = await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(connection, "delete from bank.mt_events_default"));

        Assert.Contains("append-only", refused.MessageText, StringComparison.Ordinal);
    }

    /// <summary>The function has the rights of the owner: it drops answers that have expired.</summary>
    [Fact]
    public async Task A_role_that_is_not_the_hosts_may_not_drop_answers()
    {
        await using var connection = new NpgsqlConnection(await TestCluster.SuperuserAsync(bank.ConnectionString));
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await ExecuteAsync(
            connection, "create role a_stranger; grant usage on schema platform to a_stranger; set local role a_stranger");

        var refused = await Assert.ThrowsAsync<PostgresException>(
            () => ExecuteAsync(connection, "select platform.keep_receipt_answers(31)"));

        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, refused.SqlState);
    }

    [Theory]
    [InlineData("update bank.mt_streams set version = version, timestamp = timestamp")]
    [InlineData("select platform.keep_receipt_answers(0)")]
    [InlineData("select 1 from bank.mt_streams for update")]
    [InlineData("update platform.read_model set updated_at = updated_at")]
    [InlineData("update platform.sentinel set status = status")]
    [InlineData("update accounts.mt_doc_account set data = data")]
    [InlineData("delete from customers_keys.mt_doc_customer_key where false")]
    [InlineData("delete from wolverine.wolverine_dead_letters")]
    [InlineData("delete from publishing.blocked_account")]
    [InlineData("delete from notifications.notification where false")]
    [InlineData("update bank.mt_event_progression set last_seq_id = last_seq_id")]
    [InlineData("truncate accounts.entry_day_g1")]
    [InlineData("alter table accounts.entry_g1 add column other int")]
    [InlineData("create schema scratch_mine; create table scratch_mine.one (id int); drop schema scratch_mine cascade")]
    [InlineData("select nextval('bank.mt_events_sequence'), last_value from bank.mt_events_sequence")]
    public async Task The_hosts_role_has_every_right_that_a_host_needs(string sql)
    {
        await AddHistoryAsync();
        await using var connection = await bank.Database.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);

        await ExecuteAsync(connection, sql);
    }

    [Fact]
    public async Task The_hosts_role_sees_the_open_transactions_of_other_roles()
    {
        await using var connection = await bank.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var command = bank.Database.CreateCommand(
            "select count(*) from pg_stat_activity where usename = 'banking_owner' and backend_start is not null and query is not null");

        Assert.True((long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))! >= 1);
    }

    /// <summary>Every table of the log has the trigger; the owner's migration adds it to new partitions.</summary>
    [Fact]
    public async Task Each_table_and_partition_of_the_log_has_the_trigger_and_belongs_to_the_owner()
    {
        await using var command = bank.Database.CreateCommand(
            """
            select count(*), count(*) filter (where t.oid is not null),
                count(*) filter (where pg_get_userbyid(c.relowner) = 'banking_owner')
            from pg_class c left join pg_trigger t on t.tgrelid = c.oid and t.tgname = 'refuse_change' and t.tgenabled = 'O'
            where c.oid::regclass::text = any($1)
            """);
        string[] tables = [.. Log, .. Streams];
        command.Parameters.Add(new() { Value = tables });
        await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        await reader.ReadAsync(TestContext.Current.CancellationToken);

        var all = (long)tables.Length;
        Assert.Equal((all, all, all), (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2)));
    }

    private async Task AddHistoryAsync()
    {
        var teller = bank.As("teller");
        var account = await teller.OpenAsync(balance: "5.00");
        Assert.Equal(422, (await teller.WithdrawAsync(account, "6.00")).StatusCode);
    }

    private static async Task<string?> RefusedAsync(NpgsqlDataSource source, string sql)
    {
        await using var connection = await source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        return (await Assert.ThrowsAsync<PostgresException>(() => ExecuteAsync(connection, sql))).SqlState;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
