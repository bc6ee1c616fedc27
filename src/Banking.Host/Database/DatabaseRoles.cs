using Npgsql;

namespace Banking.Host.Database;

/// <summary>
/// Makes the two roles of a bank on a server that this program has a superuser for: the private cluster, and that of tests.
/// </summary>
public static class DatabaseRoles
{
    public const string Owner = "banking_owner";
    public const string Host = "banking_host";

    /// <summary>
    /// Makes the roles where they are missing, sets their passwords, and gives them the database with what the superuser made in it.
    /// </summary>
    /// <param name="superuser">Connection string for the database.</param>
    public static async Task<BankConnections> PrepareAsync(string superuser, string ownerPassword, string hostPassword)
    {
        // Not pooled: nothing of the superuser's stays behind.
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(superuser) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await SqlScript.RunAsync(connection, "roles.sql", ("owner_password", ownerPassword), ("host_password", hostPassword));
        return new(For(superuser, Host, hostPassword), For(superuser, Owner, ownerPassword));
    }

    private static string For(string connectionString, string role, string password) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Username = role, Password = password }.ConnectionString;
}
