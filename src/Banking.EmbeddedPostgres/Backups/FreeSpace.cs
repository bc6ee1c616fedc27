using System.Globalization;

namespace Banking.EmbeddedPostgres.Backups;

/// <summary>Keeps backups from filling the disk that the bank may need.</summary>
internal static class FreeSpace
{
    /// <exception cref="BackupException">The disk has less free space.</exception>
    public static void Require(string folder, long bytes) => Require(folder, bytes, 0, "");

    /// <param name="reserved">Further bytes that are reserved for something that is running.</param>
    /// <param name="reservedFor">What they are reserved for.</param>
    /// <exception cref="BackupException">The disk has less free space.</exception>
    public static void Require(string folder, long bytes, long reserved, string reservedFor)
    {
        if (Has(folder, bytes + reserved))
        {
            return;
        }

        var needed = string.Create(
            CultureInfo.InvariantCulture,
            $"The disk of {folder} has {Free(folder) >> 20:N0} MB of free space and needs {bytes + reserved >> 20:N0} MB.");
        throw new BackupException(reserved == 0 ? needed : needed + string.Create(
            CultureInfo.InvariantCulture, $" Of that, {reserved >> 20:N0} MB are reserved for {reservedFor}."));
    }

    public static bool Has(string folder, long bytes) => Free(folder) >= bytes;

    public static bool IsSameDisk(string one, string other) => Disk(one) == Disk(other);

    private static long Free(string folder)
    {
        var full = Path.GetFullPath(folder);
        return new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(full)! : full).AvailableFreeSpace;
    }

    /// <summary>The longest mount point that the folder lies below.</summary>
    private static string? Disk(string folder)
    {
        var path = RealPath.Resolve(folder) + Path.DirectorySeparatorChar;
        return DriveInfo.GetDrives().Select(drive => Path.TrimEndingDirectorySeparator(drive.Name)).MaxBy(
            mount => path.StartsWith(mount.TrimEnd(Path.DirectorySeparatorChar) + Path.DirectorySeparatorChar, StringComparison.Ordinal)
                ? mount.Length
                : 0);
    }

    public static long Used(string folder) =>
        new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Sum(SizeOf);

    // The server may delete a file during the search.
    private static long SizeOf(FileInfo file) => file.Exists ? file.Length : 0;
}
