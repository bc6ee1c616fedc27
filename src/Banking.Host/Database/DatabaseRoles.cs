using Npgsql;

namespace Banking.Host.Database;

/// <summary>
/// Creates the two roles of a bank on a server where this program connects as a superuser: the private cluster, and the cluster of tests.
/// </summary>
public static class DatabaseRoles
{
    public const string Owner = "banking_owner";
    public const string Host = "banking_host";

    /// <summary>
    /// Creates missing roles, sets their passwords, and makes them owners of the database and of the objects that the superuser created.
    /// </summary>
    /// <param name="superuser">The superuser's connection string for the database.</param>
    public static async Task<BankConnections> PrepareAsync(string superuser, string ownerPassword, string hostPassword)
    {
        // Not pooled, so that no superuser connection stays open.
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(superuser) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await SqlScript.RunAsync(connection, "roles.sql", ("owner_password", ownerPassword), ("host_password", hostPassword));
        return new(For(superuser, Host, hostPassword), For(superuser, Owner, ownerPassword));
    }

    private static string For(string connectionString, string role, string password) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Username = role, Password = password }.ConnectionString;
}
