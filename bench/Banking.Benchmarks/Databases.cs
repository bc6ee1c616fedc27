using Banking.EmbeddedPostgres;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>Databases of the scenarios. Each scenario that leaves data behind has its own.</summary>
internal static class Databases
{
    public static async Task<NpgsqlDataSource> CreateSourceAsync(this PostgresCluster cluster, string name, int pool)
    {
        await cluster.EnsureDatabaseAsync(name);
        return NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(cluster.ConnectionString(name)) { MaxPoolSize = pool }.ConnectionString);
    }

    public static async Task<T> ReadAsync<T>(this NpgsqlDataSource source, string sql)
    {
        await using var command = source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }
}
