using Npgsql;

namespace Banking.EmbeddedPostgres.Tests;

public sealed class DatabaseTests(ClusterFixture fixture)
{
    private readonly PostgresCluster cluster = fixture.Cluster;

    [Fact]
    public async Task Concurrent_callers_can_ensure_a_database()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => cluster.EnsureDatabaseAsync("ensured")));

        Assert.Equal(1L, await Sql.ScalarAsync(cluster, "postgres", "select count(*) from pg_database where datname = 'ensured'"));
    }

    [Fact]
    public async Task A_database_is_a_copy_of_its_template()
    {
        await cluster.CreateDatabaseAsync("the \"model\"");
        await Sql.ExecuteAsync(cluster, "the \"model\"", "create table t (n int); insert into t values (7)");

        await cluster.CreateDatabaseAsync("copy", template: "the \"model\"");

        Assert.Equal(7, await Sql.ScalarAsync(cluster, "copy", "select n from t"));
    }

    [Fact]
    public async Task A_template_with_idle_pooled_connections_can_be_copied()
    {
        await cluster.CreateDatabaseAsync("busy_model");
        await using (var connection = new NpgsqlConnection(cluster.ConnectionString("busy_model")))
        {
            await connection.OpenAsync();
        }

        await cluster.CreateDatabaseAsync("busy_copy", template: "busy_model");

        Assert.Equal("busy_copy", await Sql.ScalarAsync(cluster, "busy_copy", "select current_database()"));
    }

    [Fact]
    public async Task A_database_in_use_can_be_dropped_and_created_again()
    {
        await cluster.CreateDatabaseAsync("dropped");
        await using var connection = new NpgsqlConnection(cluster.ConnectionString("dropped"));
        await connection.OpenAsync();

        await cluster.DropDatabaseAsync("dropped");
        await cluster.CreateDatabaseAsync("dropped");

        await using var again = new NpgsqlConnection(cluster.ConnectionString("dropped"));
        await again.OpenAsync();
    }

    [Fact]
    public async Task Dropping_a_database_that_does_not_exist_is_fine() => await cluster.DropDatabaseAsync("never_made");

    [Fact]
    public async Task Creating_a_database_twice_is_an_error()
    {
        await cluster.CreateDatabaseAsync("twice");

        var refused = await Assert.ThrowsAsync<PostgresException>(() => cluster.CreateDatabaseAsync("twice"));

        Assert.Equal(PostgresErrorCodes.DuplicateDatabase, refused.SqlState);
    }
}
