using Banking.EventStore.Epochs;
using Banking.EventStore.Log;
using Banking.Host.Security;
using Npgsql;

namespace Banking.Host.Hosting;

/// <summary>
/// Finds out at the start, before the host serves anybody, whether the log was restored since the last host ended, and remembers the end of
/// the log when the host ends.
/// </summary>
internal sealed class EpochStart(HighWaterMark highWaterMark, EpochFolder folder, ILogger<EpochStart> log) : IHostedService
{
    public const string Setting = "Banking:Epochs:Folder";

    private const string Name = "epochs";

    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(2);

    private bool _isStopped;

    /// <summary>The folder of what is known of the log: the setting, or a folder next to the key ring.</summary>
    /// <param name="dataFolder">The data folder of the private cluster; null for a configured database.</param>
    public static EpochFolder FindFolder(IConfiguration configuration, string? dataFolder, KeyRingFolder keys) => new(
        configuration[Setting] is { } configured && !string.IsNullOrWhiteSpace(configured) ? Path.GetFullPath(configured)
        : dataFolder is not null ? Path.Combine(dataFolder, Name)
        : keys.Path.Length > 0 ? Path.Combine(keys.Path, Name)
        : null);

    /// <summary>Deletes what was known of the log of a cluster that was deleted.</summary>
    public static void Delete(string dataFolder)
    {
        if (Directory.Exists(Path.Combine(dataFolder, Name)))
        {
            Directory.Delete(Path.Combine(dataFolder, Name), recursive: true);
        }
    }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (folder.Folder is null)
        {
            log.LogWarning(
                "{Setting} is not set, and there is no key ring folder. If the database is restored while no host runs, the bank does not "
                    + "notice",
                Setting);
        }

        await highWaterMark.LookAsync(cancellationToken);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_isStopped)
        {
            // A host that was disposed is stopped again if it is disposed twice.
            return;
        }

        _isStopped = true;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(StopTimeout);
        try
        {
            await highWaterMark.NoteEndAsync(timeout.Token);
        }
        catch (Exception failure) when (failure is NpgsqlException or OperationCanceledException or TimeoutException)
        {
            log.LogDebug(failure, "Cannot read the end of the log; the next host compares an earlier position");
        }
    }
}
