using Npgsql;

namespace Banking.EmbeddedPostgres;

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
            // Another caller made it in between.
        }
    }

    public static async Task CreateAsync(Func<string, string> connectionString, string database, string? template, CancellationToken ct)
    {
        if (template is not null)
        {
            ForgetConnections(connectionString(template));
        }

        var copied = template is null ? "" : $" template {Quote(template)}";
        await ExecuteAsync(connectionString, $"create database {Quote(database)}{copied}", ct);
    }

    public static Task DropAsync(Func<string, string> connectionString, string database, CancellationToken ct)
    {
        ForgetConnections(connectionString(database));
        return ExecuteAsync(connectionString, $"drop database if exists {Quote(database)} with (force)", ct);
    }

    private static async Task ExecuteAsync(Func<string, string> connectionString, string sql, CancellationToken ct)
    {
        await using var connection = await OpenAsync(connectionString, ct);
        await using var command = new NpgsqlCommand(sql, connection);
        // A large template takes longer to copy than an ordinary statement may.
        command.CommandTimeout = 300;
        await command.ExecuteNonQueryAsync(ct);
    }

    private static async Task<NpgsqlConnection> OpenAsync(Func<string, string> connectionString, CancellationToken ct)
    {
        // Not pooled: a database that is somebody's template must have no idle connections.
        var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(connectionString("postgres")) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(ct);
        return connection;
    }

    // Idle pooled connections would hold a template, and would be handed out broken after a drop.
    private static void ForgetConnections(string connectionString)
    {
        using var connection = new NpgsqlConnection(connectionString);
        NpgsqlConnection.ClearPool(connection);
    }

    private static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
