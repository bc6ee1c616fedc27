using System.Globalization;

namespace Banking.EmbeddedPostgres;

/// <summary>
/// Keeps a second host out of a folder. The operating system releases the lock when the process ends, even after a crash.
/// </summary>
internal sealed class FolderLock : IDisposable
{
    private readonly FileStream held;
    private readonly string ownerFile;

    private FolderLock(FileStream held, string ownerFile) => (this.held, this.ownerFile) = (held, ownerFile);

    public static async Task<FolderLock> TakeAsync(string folder, CancellationToken ct)
    {
        // A locked file cannot be read, so a second file has the name of its owner.
        var ownerFile = Path.Combine(folder, "host.owner");
        FileStream held;
        try
        {
            held = new FileStream(Path.Combine(folder, "host.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            // The owner writes its name right after it takes the lock.
            await Poll.UntilAsync(() => ReadOwner(ownerFile) is not null, TimeSpan.FromSeconds(1), ct);
            var owner = ReadOwner(ownerFile) ?? "an unknown process";
            throw new PostgresUnavailableException(
                $"""
                The data folder {folder} is in use by another host ({owner}).
                Stop that host, or set Banking:DataFolder to another folder.
                """)
            {
                InUseBy = owner,
            };
        }

        await File.WriteAllTextAsync(
            ownerFile, string.Create(CultureInfo.InvariantCulture, $"process {Environment.ProcessId} on {Environment.MachineName}"), ct);
        return new(held, ownerFile);
    }

    public void Dispose()
    {
        File.Delete(ownerFile);
        held.Dispose();
    }

    private static string? ReadOwner(string ownerFile)
    {
        try
        {
            return File.ReadAllText(ownerFile) is { Length: > 0 } owner ? owner : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
