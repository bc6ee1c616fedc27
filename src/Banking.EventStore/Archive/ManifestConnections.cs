using Npgsql;

namespace Banking.EventStore.Archive;

/// <summary>
/// Connection pool for looking up archive files in the manifest. A reader that needs a file holds a connection of another pool. If it also
/// waited for a second one of that pool, readers would wait for each other until they time out.
/// </summary>
public sealed class ManifestConnections : IAsyncDisposable
{
    private readonly NpgsqlDataSource _source;

    public ManifestConnections(string connectionString, int maxConnections)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString) { MinPoolSize = 0, MaxPoolSize = maxConnections };
        settings.ApplicationName += "-archive";
        _source = new NpgsqlDataSourceBuilder(settings.ConnectionString).Build();
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    /// <summary>Finds a file by its number, or null. Blocks; see <see cref="IArchiveStorage.Read"/>.</summary>
    internal ManifestFile? Find(int id) => ArchiveManifest.Find(_source, id);
}
