using System.Collections.Concurrent;

namespace Banking.Testing;

/// <summary>Temporary folders for tests, and the folder of the repository.</summary>
public static class TestFolders
{
    private const string InMemory = "/dev/shm";
    private const long EnoughMemory = 8L << 30;

    private static readonly ConcurrentBag<DirectoryInfo> Made = [];

    /// <summary>
    /// Creates a folder that all users may enter: when tests run as root, the cluster runs as another user. It is in memory where there is
    /// enough: tests make and delete so many databases that the file system takes a tenth of the processor time.
    /// </summary>
    public static DirectoryInfo New(string prefix)
    {
        var folder = HasEnoughMemory()
            ? Directory.CreateDirectory(Path.Combine(InMemory, prefix + Path.GetRandomFileName()))
            : Directory.CreateTempSubdirectory(prefix);
        Made.Add(folder);
        if (!OperatingSystem.IsWindows())
        {
            folder.UnixFileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        }

        return folder;
    }

    /// <summary>Deletes the folders that tests left: keys, dumps, and the test cluster, which must have stopped.</summary>
    internal static void DeleteAll()
    {
        foreach (var folder in Made.Where(f => Directory.Exists(f.FullName)))
        {
            folder.Delete(recursive: true);
        }
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
