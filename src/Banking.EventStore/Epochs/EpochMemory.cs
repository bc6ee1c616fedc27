using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Banking.EventStore.Epochs;

/// <summary>
/// The part of a host's knowledge of the log that survives a restore of the database: a file for each log in a folder outside of it. Hosts
/// may share the folder: each file that one of them writes is true.
/// </summary>
/// <param name="Folder">Null: the knowledge ends with the host.</param>
public sealed record EpochFolder(string? Folder);

/// <summary>What this host knows of the log.</summary>
public sealed class EpochMemory(EpochFolder place, ILogger<EpochMemory> logger)
{
    private static int _hosts;

    /// <summary>Tells apart hosts of one process.</summary>
    private readonly int _host = Interlocked.Increment(ref _hosts);

    private bool _isFailing;

    /// <summary>Null before the log was seen for the first time.</summary>
    public KnownLog? Known { get; private set; }

    /// <summary>Reads what was known of a log before this host started.</summary>
    /// <param name="log">The id of the log's first epoch, by which the file is found.</param>
    public void Recall(Guid log)
    {
        if (Known is not null || place.Folder is null)
        {
            return;
        }

        var file = FileOf(log);
        try
        {
            Known = File.Exists(file) ? KnownLog.Read(File.ReadAllBytes(file)) : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or JsonException)
        {
            logger.LogError(
                "{File} cannot be read, so this host cannot know whether the log was restored while no host ran: {Reason}",
                file,
                unreadable.Message);
        }
    }

    /// <summary>Replaces what is known, here and in the file.</summary>
    /// <param name="isLast">Whether the host ends, so that it reads nothing more.</param>
    public void Keep(KnownLog known, bool isLast = false)
    {
        Known = known;
        if (place.Folder is null)
        {
            return;
        }

        var file = FileOf(known.Epochs[0].Id);
        try
        {
            Directory.CreateDirectory(place.Folder);
            // Another host may write the same file.
            var written = $"{file}.{Environment.MachineName}-{Environment.ProcessId}-{_host}.new";
            File.WriteAllBytes(written, (known with { IsComplete = isLast }).Write());
            File.Move(written, file, overwrite: true);
            _isFailing = false;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            logger.Log(
                _isFailing ? LogLevel.Debug : LogLevel.Warning,
                "{File} cannot be written. If the database is restored while no host runs, the bank does not notice: {Reason}",
                file,
                failure.Message);
            _isFailing = true;
        }
    }

    private string FileOf(Guid log) => Path.Combine(place.Folder!, $"{log:N}.json");
}
