using Npgsql;

namespace Banking.EmbeddedPostgres.Tests;

internal static class Sql
{
    public static async Task ExecuteAsync(PostgresCluster cluster, string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(cluster.ConnectionString(database));
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }

    public static async Task<object?> ScalarAsync(PostgresCluster cluster, string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(cluster.ConnectionString(database));
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync();
    }
}
