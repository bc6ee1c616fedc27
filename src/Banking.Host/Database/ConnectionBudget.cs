using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Host.Database;

/// <summary>
/// The maximum number of database connections of one host, over all its pools. With the default, two hosts fit on a server with
/// PostgreSQL's own default of 100 connections, 3 of which are reserved for superusers.
/// </summary>
internal sealed record ConnectionBudget(int Total)
{
    public const string Setting = "Banking:Postgres:MaxConnections";

    private const int DefaultTotal = 48;

    /// <summary>With fewer connections the parts of a host would wait for each other.</summary>
    private const int MinTotal = 40;

    /// <summary>Connections for command groups that run concurrently, and one for each kind of state.</summary>
    public const int Commands = 8;

    /// <summary>Connections for reading the log and writing read models.</summary>
    public int ReadModels => Total * 5 / 12;

    /// <summary>Connections of Marten's sessions and of Wolverine's message store.</summary>
    public const int Stack = 8;

    /// <summary>Connections for looking up archive files. A lookup is one short statement per file and minute.</summary>
    public const int Manifest = 1;

    /// <summary>Connections for queries, publication and leader locks.</summary>
    public int General => Total - Commands - ReadModels - Stack - Manifest;

    /// <exception cref="ConfigurationException">The setting is too small.</exception>
    public static ConnectionBudget FromConfiguration(IConfiguration? configuration)
    {
        var total = configuration?.GetValue<int?>(Setting) ?? DefaultTotal;
        return total >= MinTotal
            ? new(total)
            : throw new ConfigurationException($"{Setting} is {total}; a host needs at least {MinTotal} connections.");
    }

    /// <summary>Compares the budget with the connections that the server grants to ordinary roles.</summary>
    public async Task CheckAsync(NpgsqlConnection connection, ILogger log)
    {
        var server = await connection.ScalarAsync<int>(
            "select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int", [], default);
        if (server < Total)
        {
            throw new ConfigurationException(
                $"The server grants {server} connections, but this host may open {Total}. "
                    + $"Raise max_connections, or lower {Setting} (at least {MinTotal}).");
        }

        if (server < 2 * Total)
        {
            log.LogWarning(
                "The server grants {Server} connections, and a host may open {Total}: a second host does not fit. "
                    + "Raise max_connections, or lower {Setting}",
                server,
                Total,
                Setting);
        }
    }
}
