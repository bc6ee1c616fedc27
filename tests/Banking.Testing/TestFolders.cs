namespace Banking.Testing;

/// <summary>Temporary folders for tests, and the folder of the repository.</summary>
public static class TestFolders
{
    /// <summary>Creates a folder that all users may enter: when tests run as root, the cluster runs as another user.</summary>
    public static DirectoryInfo New(string prefix)
    {
        var folder = Directory.CreateTempSubdirectory(prefix);
        if (!OperatingSystem.IsWindows())
        {
            folder.UnixFileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
        }

        return folder;
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
