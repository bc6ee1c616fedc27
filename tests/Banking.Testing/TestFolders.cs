namespace Banking.Testing;

/// <summary>Folders for tests, and where the repository is.</summary>
public static class TestFolders
{
    /// <summary>A new folder that all may enter: a cluster of root runs as somebody else.</summary>
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
