namespace Banking.Testing;

/// <summary>Temporary folders for tests, and the folder of the repository.</summary>
public static class TestFolders
{
    private const string InMemory = "/dev/shm";
    private const long EnoughMemory = 8L << 30;

    /// <summary>
    /// Creates a folder that all users may enter: when tests run as root, the cluster runs as another user. It is in memory where there is
    /// enough: tests make and delete so many databases that the file system takes a tenth of the processor time.
    /// </summary>
    public static DirectoryInfo New(string prefix)
    {
        var folder = HasEnoughMemory()
            ? Directory.CreateDirectory(Path.Combine(InMemory, prefix + Path.GetRandomFileName()))
            : Directory.CreateTempSubdirectory(prefix);
        if (!OperatingSystem.IsWindows())
        {
            folder.UnixFileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        }

        return folder;
    }

    private static bool HasEnoughMemory()
    {
        var memory = GC.GetGCMemoryInfo();
        return OperatingSystem.IsLinux()
            && Directory.Exists(InMemory)
            && new DriveInfo(InMemory).AvailableFreeSpace > EnoughMemory
            && memory.TotalAvailableMemoryBytes - memory.MemoryLoadBytes > EnoughMemory;
    }

    /// <summary>The folder that holds the solution.</summary>
    public static string Repository
    {
        get
        {
            for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "Banking.sln")))
                {
                    return folder.FullName;
                }
            }

            throw new InvalidOperationException("No Banking.sln above the tests.");
        }
    }
}
