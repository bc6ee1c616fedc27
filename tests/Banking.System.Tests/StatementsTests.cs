using Banking.EventStore.Storage;
using Banking.Testing;
using Npgsql;
using NpgsqlTypes;

namespace Banking.System.Tests;

/// <summary>A database without a bank.</summary>
public sealed class EmptyDatabase : IAsyncLifetime
{
    private string _connectionString = "";

    internal NpgsqlDataSource Source { get; private set; } = null!;

    /// <summary>Connects as the owner of the database.</summary>
    internal NpgsqlDataSource Owner() => NpgsqlDataSource.Create(TestCluster.Owner(_connectionString));

    /// <summary>A pool that gives a session to the next user as the last one left it, like the bank's.</summary>
    internal NpgsqlDataSource Kept(string? searchPath = null) => NpgsqlDataSource.Create(
        new NpgsqlConnectionStringBuilder(_connectionString) { NoResetOnClose = true, MaxPoolSize = 1, SearchPath = searchPath });

    public async ValueTask InitializeAsync()
    {
        _connectionString = await TestCluster.NewDatabaseAsync();
        Source = NpgsqlDataSource.Create(_connectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        await TestCluster.DropAsync(_connectionString);
    }
}

/// <summary>One SQL statement with its values, on a pool or on a connection.</summary>
public sealed class StatementsTests(EmptyDatabase database) : IClassFixture<EmptyDatabase>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Values_have_the_numbers_of_their_places_and_columns_may_be_null()
    {
        var rows = await database.Source.ListAsync(
            "select n, case when n > $1 then $2 end, case when n > $1 then n end from generate_series(1, $3) n order by 1",
            [2, "high", 3],
            row => (row.GetInt32(0), row.GetOrDefault<string>(1), row.GetOrDefault<int?>(2)),
            Cancelled);

        Assert.Equal([(1, null, null), (2, null, null), (3, "high", 3)], rows);
    }

    [Fact]
    public async Task A_null_has_a_type_where_PostgreSQL_cannot_infer_it()
    {
        const string Sql = "select $1 is null";

        var failure = await Assert.ThrowsAsync<PostgresException>(() => database.Source.ScalarAsync<bool>(Sql, [null], Cancelled));

        Assert.Equal(PostgresErrorCodes.IndeterminateDatatype, failure.SqlState);
        Assert.True(await database.Source.ScalarAsync<bool>(Sql, [NpgsqlDbType.Text.Of(null)], Cancelled));
        Assert.False(await database.Source.ScalarAsync<bool>(Sql, [NpgsqlDbType.Text.Of("")], Cancelled));
    }

    [Fact]
    public async Task A_missing_scalar_is_null_and_never_a_default_number()
    {
        foreach (var sql in (string[])["select 1::bigint where false", "select null::bigint"])
        {
            Assert.Null(await database.Source.ScalarAsync<long?>(sql, [], Cancelled));
            await Assert.ThrowsAsync<InvalidCastException>(() => database.Source.ScalarAsync<long>(sql, [], Cancelled));
        }

        Assert.Equal(7, await database.Source.ScalarAsync<long?>("select 7::bigint", [], Cancelled));
        Assert.Equal("x", await database.Source.ScalarAsync<string?>("select 'x'", [], Cancelled));
    }

    [Fact]
    public async Task A_statement_on_a_connection_is_part_of_its_transaction()
    {
        await using var connection = await database.Source.OpenConnectionAsync(Cancelled);
        await connection.ExecuteAsync("create temp table kept (n int)", [], Cancelled);
        await using (await connection.BeginTransactionAsync(Cancelled))
        {
            Assert.Equal(2, await connection.ExecuteAsync("insert into kept values ($1), ($2)", [1, 2], Cancelled));
            Assert.Equal(2, await connection.ScalarAsync<long>("select count(*) from kept", [], Cancelled));
        }

        Assert.Equal(0, await connection.ScalarAsync<long>("select count(*) from kept", [], Cancelled));
    }

    [Fact]
    public async Task A_statement_ends_at_its_own_timeout()
    {
        await using var holder = await database.Source.OpenConnectionAsync(Cancelled);
        await holder.ExecuteAsync("select pg_advisory_lock(1)", [], Cancelled);

        var failure = await Assert.ThrowsAsync<NpgsqlException>(
            () => database.Source.ExecuteAsync("select pg_advisory_lock(1)", [], Cancelled, timeoutSeconds: 1));

        Assert.IsType<TimeoutException>(failure.InnerException);
    }

    [Theory]
    [InlineData("select pg_advisory_unlock(2)", true)]
    [InlineData("select 1 / 0", false)]
    public async Task A_released_connection_holds_nothing_even_if_its_release_fails(string release, bool isSessionKept)
    {
        const string Session = "select pg_backend_pid()";
        await using var pool = database.Kept();
        var connection = await pool.OpenConnectionAsync(Cancelled);
        var session = await connection.ScalarAsync<int>(Session, [], Cancelled);
        await connection.ExecuteAsync("select pg_advisory_lock(2)", [], Cancelled);

        await connection.ReleaseAsync(release);

        await using var other = await database.Source.OpenConnectionAsync(Cancelled);
        // A session that ends has answered before its locks are free.
        await Eventually.UntilAsync(() => other.ScalarAsync<bool>("select pg_try_advisory_lock(2)", [], Cancelled), taken => taken);
        await other.ReleaseAsync("select pg_advisory_unlock(2)");
        Assert.Equal(isSessionKept, session == await pool.ScalarAsync<int>(Session, [], Cancelled));
    }

    [Fact]
    public async Task Releasing_a_connection_whose_session_has_ended_is_no_failure()
    {
        await using var pool = database.Kept();
        var connection = await pool.OpenConnectionAsync(Cancelled);
        var session = await connection.ScalarAsync<int>("select pg_backend_pid()", [], Cancelled);
        await database.Source.ExecuteAsync("select pg_terminate_backend($1)", [session], Cancelled);

        await connection.ReleaseAsync("select pg_advisory_unlock_all()");

        Assert.NotEqual(session, await pool.ScalarAsync<int>("select pg_backend_pid()", [], Cancelled));
    }
}
