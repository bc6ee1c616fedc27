namespace Banking.EmbeddedPostgres;

/// <summary>
/// Stops a server that a crashed host left running in the locked folder. It is not reused, because its port is unknown and it may be
/// shutting down.
/// </summary>
internal static class OrphanedServer
{
    public static async Task StopAsync(ClusterHome home, PostgresBinaries binaries, Action<string> log)
    {
        var cluster = home.Cluster;
        var file = PostmasterFile.Read(cluster);
        if (FindProcesses().Count > 0)
        {
            log($"Stopping the PostgreSQL that a crashed host left running (process {string.Join(", ", FindProcesses())}).");
            if (file is not null && FindProcesses().Contains(file.ProcessId))
            {
                await ServerProcesses.StopAsync(file.ProcessId, () => !FindProcesses().Contains(file.ProcessId), binaries, cluster);
            }

            await StopBackendsAsync(cluster);
        }

        // PostgreSQL deletes a stale file itself, unless its process id now belongs to another process or to an uncollected dead process.
        // No server runs here any more, so the file can be deleted.
        if (PostmasterFile.Read(cluster) is { } stale && ServerProcesses.IsAlive(stale.ProcessId))
        {
            File.Delete(PostmasterFile.PathIn(cluster));
        }

        IReadOnlyList<int> FindProcesses() => ServerProcesses.Find(cluster);
    }

    // Backends of a killed postmaster end when they notice its death. A backend in a long statement notices late.
    private static async Task StopBackendsAsync(string cluster)
    {
        if (await HaveEndedWithinAsync(2))
        {
            return;
        }

        foreach (var processId in ServerProcesses.Find(cluster))
        {
            ServerProcesses.Kill(processId);
        }

        if (!await HaveEndedWithinAsync(10))
        {
            throw new PostgresUnavailableException(
                $"PostgreSQL processes still use {cluster} and cannot be stopped: {string.Join(", ", ServerProcesses.Find(cluster))}.");
        }

        Task<bool> HaveEndedWithinAsync(int seconds) =>
            Poll.UntilAsync(() => ServerProcesses.Find(cluster).Count == 0, TimeSpan.FromSeconds(seconds), CancellationToken.None);
    }
}
