using Banking.Host.Hosting;
using Npgsql;

namespace Banking.Host.Database;

/// <summary>
/// The connections of one host, for all of its pools together. The default lets two hosts live on a server with PostgreSQL's own default of
/// 100, of which it keeps 3 for superusers.
/// </summary>
internal sealed record ConnectionBudget(int Total)
{
    public const string Setting = "Banking:Postgres:MaxConnections";

    private const int Default = 48;

    /// <summary>Fewer would make a host wait for itself.</summary>
    private const int Least = 40;

    /// <summary>Groups of commands at once, and one more for each kind of state.</summary>
    public const int Commands = 8;

    /// <summary>Reading the log, and read models.</summary>
    public int ReadModels => Total * 5 / 12;

    /// <summary>Questions, publication, messages, and locks of leaders.</summary>
    public int General => Total - Commands - ReadModels;

    /// <exception cref="ConfigurationException">The setting is too small.</exception>
    public static ConnectionBudget Of(IConfiguration? configuration)
    {
        var total = configuration?.GetValue<int?>(Setting) ?? Default;
        return total >= Least
            ? new(total)
            : throw new ConfigurationException($"{Setting} is {total}; a host needs at least {Least} connections.");
    }

    /// <summary>Compares the budget with what the server gives to ordinary roles.</summary>
    public async Task CheckAsync(NpgsqlConnection connection, ILogger log)
    {
        await using var command = new NpgsqlCommand(
            "select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int", connection);
        var server = (int)(await command.ExecuteScalarAsync())!;
        if (server < Total)
        {
            throw new ConfigurationException(
                $"The server gives {server} connections, and this host may take {Total}: raise max_connections, or lower {Setting} (at least {Least})."
            );
        }

        if (server < 2 * Total)
        {
            log.LogWarning(
                "The server gives {Server} connections, and a host may take {Total}: a second host does not fit. Raise max_connections, or lower {Setting}",
                server,
                Total,
                Setting);
        }
    }
}
