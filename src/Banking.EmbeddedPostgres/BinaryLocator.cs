namespace Banking.EmbeddedPostgres;

/// <summary>Chooses the PostgreSQL to run: the configured one, otherwise an installed one, otherwise a downloaded one.</summary>
internal static class BinaryLocator
{
    public static async Task<PostgresBinaries> LocateAsync(
        PostgresSettings settings, int? clusterMajor, Action<string> log, CancellationToken ct)
    {
        if (!string.IsNullOrWhiteSpace(settings.BinFolder))
        {
            return RequireSupported(await ProbeConfiguredAsync(Path.GetFullPath(settings.BinFolder), ct));
        }

        var found = await settings.Search.FindAsync(ct);
        // Only the major version that created a cluster can open it, so that version is preferred to a newer one.
        var best = found
            .OrderByDescending(binaries => binaries.Major == clusterMajor)
            .ThenByDescending(binaries => Version.Parse(binaries.Version))
            .FirstOrDefault();
        if (best is { Major: >= PostgresBinaries.MinMajor })
        {
            return best;
        }

        var reason = best is null
            ? "No PostgreSQL was found on the PATH or in the usual folders"
            : DescribeTooOld(best);
        return settings.AllowDownload
            ? await BinaryDownload.InstallAsync(settings.Search, reason, clusterMajor, log, ct)
            : throw PostgresUnavailableException.NoBinaries($"{reason}; downloading one is disabled.");
    }

    private static async Task<PostgresBinaries> ProbeConfiguredAsync(string folder, CancellationToken ct) =>
        await PostgresBinaries.ProbeAsync(folder, ct)
        ?? throw PostgresUnavailableException.NoBinaries(
            Directory.Exists(folder)
                ? $"Banking:Postgres:BinFolder is {folder}, which has no working postgres and initdb."
                : $"Banking:Postgres:BinFolder is {folder}, which does not exist.");

    private static PostgresBinaries RequireSupported(PostgresBinaries binaries) =>
        binaries.Major >= PostgresBinaries.MinMajor
            ? binaries
            : throw PostgresUnavailableException.NoBinaries(DescribeTooOld(binaries) + ".");

    private static string DescribeTooOld(PostgresBinaries newest) =>
        $"PostgreSQL {newest.Version} in {newest.BinFolder} is too old: version {PostgresBinaries.MinMajor} or newer is needed";
}
