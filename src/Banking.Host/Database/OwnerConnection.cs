using Banking.EventStore.Storage;
using Banking.Host.Hosting;
using Npgsql;

namespace Banking.Host.Database;

/// <summary>The owner's connection for migrations, to the same database that the host serves.</summary>
internal static class OwnerConnection
{
    /// <summary>Identifies one database of one running server.</summary>
    private const string IdentityQuery =
        "select extract(epoch from pg_postmaster_start_time())::text || ' ' || oid from pg_database where datname = current_database()";

    /// <exception cref="ConfigurationException">The connection cannot be opened, or it leads to another database than the host's.
    /// </exception>
    public static async Task<NpgsqlConnection> OpenAsync(string owner, NpgsqlConnection host)
    {
        // Not pooled, because it closes when the schema is current. The search path excludes schemas of other roles, even one named like
        // the owner.
        var settings = new NpgsqlConnectionStringBuilder(owner)
        {
            Pooling = false,
            ApplicationName = "banking-owner",
            Timezone = "UTC",
            SearchPath = "pg_catalog,pg_temp",
        };
        var connection = new NpgsqlConnection(settings.ConnectionString);
        await OpenAsync(connection, BankDatabase.OwnerName);
        if (await ReadIdentityAsync(connection) != await ReadIdentityAsync(host))
        {
            await connection.DisposeAsync();
            throw new ConfigurationException("ConnectionStrings:owner and ConnectionStrings:banking do not name the same database.");
        }

        return connection;
    }

    /// <summary>Parses a connection string as the driver does, without connecting.</summary>
    /// <exception cref="ConfigurationException">The connection string is malformed.</exception>
    public static void Check(string connectionString, string name)
    {
        try
        {
            NpgsqlDataSource.Create(connectionString).Dispose();
        }
        catch (Exception wrong)
            when (wrong is ArgumentException or FormatException or OverflowException or InvalidOperationException or NotSupportedException)
        {
            throw new ConfigurationException($"ConnectionStrings:{name} is not a PostgreSQL connection string: {wrong.Message}");
        }
    }

    /// <param name="name">The connection string's name, for the error message.</param>
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

    private static Task<string> ReadIdentityAsync(NpgsqlConnection connection) =>
        connection.ScalarAsync<string>(IdentityQuery, [], default);
}
