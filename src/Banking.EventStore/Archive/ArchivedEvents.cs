using System.Collections.Concurrent;
using Banking.EventStore.Epochs;
using Npgsql;

namespace Banking.EventStore.Archive;

/// <summary>What the row of an event says of it, with or without its data.</summary>
public readonly record struct EventKey(long Position, Guid Id, Guid Stream, long Version, string Type);

/// <summary>
/// Reads single events from archive files, for the rows of the log that have the number of a file instead of their data. A deletion of a
/// file is noticed within a minute. After a restore of the log to an older state a number may stand for another file.
/// </summary>
public sealed class ArchivedEvents(ManifestConnections manifest, IArchiveStorage storage, ArchiveBlockCache cache) : IEpochReaction
{
    private volatile ConcurrentDictionary<int, Lookup> _lookups = new();

    /// <exception cref="ArchiveDamagedException">The file does not have the event, or the manifest does not name the file.</exception>
    /// <exception cref="ArchiveDeletedException">The file was deleted by a rule.</exception>
    /// <exception cref="ArchiveUnavailableException">The file cannot be read now.</exception>
    public ArchivedEvent Find(int file, EventKey row) =>
        // A reader that is overtaken by a new epoch fills the dictionary that it began with.
        Find(Existing(FindFile(_lookups, file)), row);

    /// <summary>Forgets which number stands for which file. Blocks stay: they are cached by the file's name, which has its hash.</summary>
    public Task ReactAsync(NpgsqlTransaction transaction, EpochHistory epochs, CancellationToken ct)
    {
        _lookups = new();
        return Task.CompletedTask;
    }

    private ArchivedEvent Find(ManifestFile file, EventKey row)
    {
        var index = BlockOf(file.Footer.Blocks, row.Position);
        if (index < 0 || Block(file, index).Find(row.Position) is not { } e)
        {
            throw new ArchiveDamagedException($"The archive file {file.Name} has no event at position {row.Position}.");
        }

        return new EventKey(e.Position, e.Id, e.Stream, e.Version, e.Type) == row
            ? e
            : throw new ArchiveDamagedException(
                $"The archive file {file.Name} has event {e.Id} ({e.Type}, version {e.Version} of {e.Stream}) at position {e.Position}.");
    }

    /// <summary>Looks a file up. Readers that need the same file at the same time share one lookup.</summary>
    private ManifestFile FindFile(ConcurrentDictionary<int, Lookup> lookups, int id)
    {
        var lookup = lookups.GetValueOrDefault(id) is { IsOld: false } known
            ? known
            : lookups.AddOrUpdate(id, Begin, (_, found) => found.IsOld ? Begin(id) : found);
        try
        {
            return lookup.File;
        }
        catch
        {
            // A failure is not remembered: the next reader looks the file up again.
            lookups.TryRemove(new(id, lookup));
            throw;
        }
    }

    private Lookup Begin(int id) => new(() => ReadFile(id));

    private ManifestFile ReadFile(int id)
    {
        var file = manifest.Find(id) ?? throw new ArchiveDamagedException($"The manifest names no archive file {id}.");
        if (file.DeletedAt is not null)
        {
            cache.Forget(file.Name);
        }

        return file;
    }

    private static ManifestFile Existing(ManifestFile file) =>
        file.DeletedAt is { } deletedAt ? throw new ArchiveDeletedException(file.Name, deletedAt) : file;

    private ArchiveBlockContent Block(ManifestFile file, int index)
    {
        if (cache.Find(file.Name, index) is { } known)
        {
            return known;
        }

        // Two readers may read the same block at the same time: that costs less than a wait of all for each.
        try
        {
            var content = ArchiveBlockContent.Read(storage, file, file.Footer.Blocks[index]);
            cache.Add(file.Name, index, content);
            return content;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Another host may just have deleted it.
            Existing(ReadFile(file.Id));
            throw new ArchiveUnavailableException(file.Name, storage.Description, failure);
        }
    }

    private static int BlockOf(IReadOnlyList<ArchiveBlock> blocks, long position)
    {
        var (low, high) = (0, blocks.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = blocks[middle].Position <= position ? (middle + 1, high) : (low, middle);
        }

        return low - 1;
    }

    private sealed class Lookup(Func<ManifestFile> read)
    {
        private static readonly TimeSpan MaxAge = TimeSpan.FromMinutes(1);

        private readonly long _beganAt = TimeProvider.System.GetTimestamp();
        private readonly Lazy<ManifestFile> _file = new(read);

        public bool IsOld => TimeProvider.System.GetElapsedTime(_beganAt) >= MaxAge;

        /// <summary>The first reader blocks until it has read the manifest, and all others until the first one has.</summary>
        public ManifestFile File => _file.Value;
    }
}

/// <summary>An archive file cannot be read now: the storage cannot be reached, or the file was not put back after a restore.</summary>
public sealed class ArchiveUnavailableException(string file, string storage, Exception inner)
    : IOException($"The archive file {file} in {storage} cannot be read: {inner.Message}", inner)
{
    public string File { get; } = file;
}

/// <summary>An archive file was deleted by a rule, and its events with it.</summary>
public sealed class ArchiveDeletedException(string file, DateTimeOffset deletedAt)
    : Exception($"The archive file {file} was deleted by a rule, at {deletedAt:u}.")
{
    public DateTimeOffset DeletedAt { get; } = deletedAt;
}
