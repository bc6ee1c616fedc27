using Banking.Host.Hosting;
using Npgsql;

namespace Banking.Host.Database;

/// <summary>The connection that the schema is migrated over: of the owner's role, to the database that the host serves.</summary>
internal static class OwnerConnection
{
    /// <summary>Tells one database of one server from all others.</summary>
    private const string Identity =
        "select extract(epoch from pg_postmaster_start_time())::text || ' ' || oid from pg_database where datname = current_database()";

    /// <exception cref="ConfigurationException">It cannot be opened, or leads to another database than the host's.</exception>
    public static async Task<NpgsqlConnection> OpenAsync(string owner, NpgsqlConnection host)
    {
        // Not pooled: it is closed when the schema is current. Others may make schemas, one named like this role too: nothing is looked for
        // there.
        var settings = new NpgsqlConnectionStringBuilder(owner)
        {
            Pooling = false,
            ApplicationName = "banking-owner",
            Timezone = "UTC",
            SearchPath = "pg_catalog,pg_temp",
        };
        var connection = new NpgsqlConnection(settings.ConnectionString);
        await OpenAsync(connection, BankDatabase.OwnerName);
        if (await IdentityAsync(connection) != await IdentityAsync(host))
        {
            await connection.DisposeAsync();
            throw new ConfigurationException("ConnectionStrings:owner and ConnectionStrings:banking do not name the same database.");
        }

        return connection;
    }

    /// <summary>Reads a connection string as the driver will, without connecting.</summary>
    /// <exception cref="ConfigurationException">It cannot be read.</exception>
    public static void Check(string connectionString, string name)
    {
        try
        {
            NpgsqlDataSource.Create(connectionString).Dispose();
        }
        catch (Exception wrong)
            when (wrong is ArgumentException or FormatException or OverflowException or InvalidOperationException or NotSupportedException)
        {
            throw new ConfigurationException($"ConnectionStrings:{name} is no connection string of PostgreSQL: {wrong.Message}");
        }
    }

    /// <param name="name">The connection string's name, for the sentence that says what is wrong.</param>
    public static async Task OpenAsync(NpgsqlConnection connection, string name)
    {
        try
        {
            await connection.OpenAsync();
        }
        catch (NpgsqlException failure)
        {
            throw new ConfigurationException($"The database of ConnectionStrings:{name} cannot be opened: {failure.Message}");
        }
    }

    private static async Task<string> IdentityAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(Identity, connection);
        return (string)(await command.ExecuteScalarAsync())!;
    }
}
