namespace Banking.EmbeddedPostgres;

internal static class RealPath
{
    /// <summary>
    /// The path without links in any part, as the operating system reports a process's working folder. Parts that do not exist stay.
    /// </summary>
    public static string Of(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(full) is not { } parent)
        {
            return full;
        }

        var here = Path.Combine(Of(parent), Path.GetFileName(full));
        return new DirectoryInfo(here).LinkTarget is { } target ? Of(Path.Combine(Path.GetDirectoryName(here)!, target)) : here;
    }
}
