using MysticMind.PostgresEmbed;

namespace Banking.EmbeddedPostgres;

/// <summary>The places to search for PostgreSQL or to download it from. A record, so that tests can give other places.</summary>
internal sealed record BinarySearch(string SearchPath, IReadOnlyList<string> FolderPatterns)
{
    public static BinarySearch ThisMachine { get; } = new(
        Environment.GetEnvironmentVariable("PATH") ?? "",
        OperatingSystem.IsWindows()
            ? [Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), @"PostgreSQL\*\bin")]
            :
            [
                "/usr/lib/postgresql/*/bin",
                "/usr/pgsql-*/bin",
                "/usr/local/pgsql/bin",
                "/opt/homebrew/opt/postgresql@*/bin",
                "/usr/local/opt/postgresql@*/bin",
            ]);

    public string DownloadFrom { get; init; } = PgServerOptions.DefaultMavenRepo;

    // The user's cache is outside the data folder, so that a fresh cluster needs no second download. A root host uses the folder of
    // relocated clusters, because the cluster's account cannot enter root's home.
    public string DownloadTo { get; init; } =
        Path.Combine(ServerAccount.HostIsRoot ? ClusterHome.SharedRoot : PgCache.DefaultDirectory, "binaries");

    public async Task<IReadOnlyList<PostgresBinaries>> FindAsync(CancellationToken ct)
    {
        var found = new List<PostgresBinaries>();
        foreach (var folder in Folders().Distinct())
        {
            if (await PostgresBinaries.ProbeAsync(folder, ct) is { } binaries)
            {
                found.Add(binaries);
            }
        }

        return found;
    }

    private IEnumerable<string> Folders()
    {
        foreach (var folder in SearchPath.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var program = new FileInfo(Path.Combine(folder, OperatingSystem.IsWindows() ? "postgres.exe" : "postgres"));
            if (!program.Exists)
            {
                continue;
            }

            // The folder of a link usually has no other file. initdb and the libraries are in the folder of its target.
            var real = Path.GetDirectoryName(program.ResolveLinkTarget(returnFinalTarget: true)?.FullName);
            yield return real is not null && PostgresBinaries.ExistIn(real) ? real : Path.GetFullPath(folder);
        }

        foreach (var folder in FolderPatterns.SelectMany(Expand))
        {
            yield return folder;
        }
    }

    private static IEnumerable<string> Expand(string pattern)
    {
        if (!pattern.Contains('*', StringComparison.Ordinal))
        {
            return Directory.Exists(pattern) ? [pattern] : [];
        }

        // Each pattern has one star, in the second-to-last folder.
        var versioned = Path.GetDirectoryName(pattern)!;
        var parent = Path.GetDirectoryName(versioned)!;
        return Directory.Exists(parent)
            ? Directory.EnumerateDirectories(parent, Path.GetFileName(versioned))
                .Select(found => Path.Combine(found, Path.GetFileName(pattern)))
            : [];
    }
}
