namespace Banking.EmbeddedPostgres;

internal static class RealPath
{
    /// <summary>
    /// Resolves links in all parts of the path, as the operating system does for a process's working folder. Missing parts stay unchanged.
    /// </summary>
    public static string Resolve(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        if (Path.GetDirectoryName(full) is not { } parent)
        {
            return full;
        }

        var resolved = Path.Combine(Resolve(parent), Path.GetFileName(full));
        return new DirectoryInfo(resolved).LinkTarget is { } target
            ? Resolve(Path.Combine(Path.GetDirectoryName(resolved)!, target))
            : resolved;
    }
}
