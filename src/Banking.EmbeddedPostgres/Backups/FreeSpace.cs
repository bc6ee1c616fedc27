using System.Globalization;

namespace Banking.EmbeddedPostgres.Backups;

/// <summary>Keeps backups from filling the disk that the bank may need.</summary>
internal static class FreeSpace
{
    /// <exception cref="BackupException">The disk has less free space.</exception>
    public static void Require(string folder, long bytes)
    {
        var full = Path.GetFullPath(folder);
        var free = new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(full)! : full).AvailableFreeSpace;
        if (free < bytes)
        {
            throw new BackupException(string.Create(
                CultureInfo.InvariantCulture,
                $"The disk of {folder} has {free >> 20:N0} MB of free space and needs {bytes >> 20:N0} MB."));
        }
    }

    public static long Used(string folder) =>
        new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(SizeOf);

    // The server may delete a file during the search.
    private static long SizeOf(FileInfo file) => file.Exists ? file.Length : 0;
}
