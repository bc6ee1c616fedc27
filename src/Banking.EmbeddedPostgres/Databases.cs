using Npgsql;

namespace Banking.EmbeddedPostgres;

/// <summary>Creates and drops databases of a cluster.</summary>
internal static class Databases
{
    public static async Task EnsureAsync(Func<string, string> connectionString, string database, CancellationToken ct)
    {
        await using (var connection = await OpenAsync(connectionString, ct))
        await using (var query = new NpgsqlCommand("select 1 from pg_database where datname = $1", connection))
        {
            query.Parameters.Add(new() { Value = database });
            if (await query.ExecuteScalarAsync(ct) is not null)
            {
                return;
            }
        }

        try
        {
            await CreateAsync(connectionString, database, template: null, ct);
        }
        catch (PostgresException raced) when (raced.SqlState is PostgresErrorCodes.DuplicateDatabase or PostgresErrorCodes.UniqueViolation)
        {
            // Another caller created it in the meantime.
        }
    }

    public static async Task CreateAsync(Func<string, string> connectionString, string database, string? template, CancellationToken ct)
    {
        if (template is not null)
        {
            ClearPool(connectionString(template));
        }

        var templateClause = template is null ? "" : $" template {Quote(template)}";
        await ExecuteAsync(connectionString, $"create database {Quote(database)}{templateClause}", ct);
    }

    public static Task DropAsync(Func<string, string> connectionString, string database, CancellationToken ct)
    {
        ClearPool(connectionString(database));
        return ExecuteAsync(connectionString, $"drop database if exists {Quote(database)} with (force)", ct);
    }

    private static async Task ExecuteAsync(Func<string, string> connectionString, string sql, CancellationToken ct)
    {
        await using var connection = await OpenAsync(connectionString, ct);
        await using var command = new NpgsqlCommand(sql, connection);
        // Copying a large template takes longer than the default timeout.
        command.CommandTimeout = 300;
        await command.ExecuteNonQueryAsync(ct);
    }

    private static async Task<NpgsqlConnection> OpenAsync(Func<string, string> connectionString, CancellationToken ct)
    {
        // Not pooled, because a template database must have no idle connections.
        var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(connectionString("postgres")) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(ct);
        return connection;
    }

    // Idle pooled connections would block a template, and would be broken after a drop.
    private static void ClearPool(string connectionString)
    {
        using var connection = new NpgsqlConnection(connectionString);
        NpgsqlConnection.ClearPool(connection);
    }

    private static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
