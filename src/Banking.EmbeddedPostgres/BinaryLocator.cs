namespace Banking.EmbeddedPostgres;

/// <summary>Chooses the PostgreSQL to run: the configured one, else an installed one, else a downloaded one.</summary>
internal static class BinaryLocator
{
    public static async Task<PostgresBinaries> LocateAsync(
        PostgresSettings settings, int? clusterMajor, Action<string> log, CancellationToken ct)
    {
        if (!string.IsNullOrWhiteSpace(settings.BinFolder))
        {
            return NotTooOld(await ConfiguredAsync(Path.GetFullPath(settings.BinFolder), ct));
        }

        var found = await settings.Search.FindAsync(ct);
        // A cluster can only be opened by the major version that made it, so an existing one outweighs a newer installation.
        var best = found
            .OrderByDescending(binaries => binaries.Major == clusterMajor)
            .ThenByDescending(binaries => Version.Parse(binaries.Version))
            .FirstOrDefault();
        if (best is { Major: >= PostgresBinaries.OldestMajor })
        {
            return best;
        }

        var reason = best is null
            ? "No PostgreSQL was found on the PATH or in the usual folders"
            : TooOld(best);
        return settings.AllowDownload
            ? await BinaryDownload.InstallAsync(settings.Search, reason, clusterMajor, log, ct)
            : throw PostgresUnavailableException.NoBinaries($"{reason}; downloading one is switched off.");
    }

    private static async Task<PostgresBinaries> ConfiguredAsync(string folder, CancellationToken ct) =>
        await PostgresBinaries.ProbeAsync(folder, ct)
        ?? throw PostgresUnavailableException.NoBinaries(
            Directory.Exists(folder)
                ? $"Banking:Postgres:BinFolder is {folder}, which holds no working postgres and initdb."
                : $"Banking:Postgres:BinFolder is {folder}, which does not exist.");

    private static PostgresBinaries NotTooOld(PostgresBinaries binaries) =>
        binaries.Major >= PostgresBinaries.OldestMajor
            ? binaries
            : throw PostgresUnavailableException.NoBinaries(TooOld(binaries) + ".");

    private static string TooOld(PostgresBinaries newest) =>
        $"PostgreSQL {newest.Version} in {newest.BinFolder} is too old: version {PostgresBinaries.OldestMajor} or newer is needed";
}
