using MysticMind.PostgresEmbed;

namespace Banking.EmbeddedPostgres;

/// <summary>Where a PostgreSQL may be found, or got from. A record, so that tests can search made-up places.</summary>
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

    // The user's cache, outside the data folder: a fresh cluster needs no second download. Under root the cluster's account
    // could not enter root's home, so the binaries stand where relocated clusters do.
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

            // A link on the PATH usually stands alone; initdb and the libraries are beside its target.
            var real = Path.GetDirectoryName(program.ResolveLinkTarget(returnFinalTarget: true)?.FullName);
            yield return real is not null && PostgresBinaries.AreIn(real) ? real : Path.GetFullPath(folder);
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

        // Every pattern has one star, in the last folder but one.
        var versioned = Path.GetDirectoryName(pattern)!;
        var parent = Path.GetDirectoryName(versioned)!;
        return Directory.Exists(parent)
            ? Directory.EnumerateDirectories(parent, Path.GetFileName(versioned))
                .Select(found => Path.Combine(found, Path.GetFileName(pattern)))
            : [];
    }
}
