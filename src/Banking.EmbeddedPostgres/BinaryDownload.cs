using System.Globalization;
using MysticMind.PostgresEmbed;

namespace Banking.EmbeddedPostgres;

/// <summary>Portable binaries from Maven Central. The library only downloads and unpacks them; this component runs the cluster.</summary>
internal static class BinaryDownload
{
    private const string DefaultMajor = "17";

    public static async Task<PostgresBinaries> InstallAsync(
        BinarySearch search, string reason, int? clusterMajor, Action<string> log, CancellationToken ct)
    {
        var version = clusterMajor?.ToString(CultureInfo.InvariantCulture) ?? DefaultMajor;
        try
        {
            log($"{reason}; downloading portable binaries of version {version}.");
            var server = new PgServer(new PgServerOptions
            {
                PgVersion = version,
                // This folder stays empty. Without the option the library would use the working folder.
                DbDir = search.DownloadTo,
                BinariesDir = search.DownloadTo,
                MavenRepo = search.DownloadFrom,
                DownloadRetryCount = 1,
            });
            await using (server)
            {
                await server.InstallAsync(ct);
                var bin = Path.Combine(server.InstallDir, "bin");
                return await PostgresBinaries.ProbeAsync(bin, ct)
                    ?? throw new PostgresEmbedException($"The downloaded binaries in {bin} do not run on this machine.");
            }
        }
        catch (Exception problem) when (problem is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            throw PostgresUnavailableException.NoBinaries(
                $"{reason}; downloading one failed: {problem.Message}", problem);
        }
    }
}
