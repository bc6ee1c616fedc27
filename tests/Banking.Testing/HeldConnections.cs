using Alba;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Banking.Testing;

/// <summary>
/// Connections of a host's pool for queries, held so that one is left. A request that needs two at the same time then times out.
/// </summary>
public sealed class HeldConnections : IAsyncDisposable
{
    private readonly List<NpgsqlConnection> _held = [];

    private HeldConnections()
    {
    }

    /// <param name="host">A host that leads nothing: a leader holds a connection for its lock.</param>
    public static async Task<HeldConnections> AllButOneAsync(IAlbaHost host)
    {
        var (source, all) = (host.Services.GetRequiredService<NpgsqlDataSource>(), new HeldConnections());
        for (var left = new NpgsqlConnectionStringBuilder(source.ConnectionString).MaxPoolSize; left > 1; left--)
        {
            all._held.Add(await source.OpenConnectionAsync());
        }

        return all;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _held)
        {
            await connection.DisposeAsync();
        }
    }
}
