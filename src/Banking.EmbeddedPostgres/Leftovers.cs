namespace Banking.EmbeddedPostgres;

/// <summary>
/// What a crashed host left in a folder whose lock is ours. A server that still runs there has no owner: it listens on a port nobody knows
/// and may be shutting down just now, so it is ended rather than adopted.
/// </summary>
internal static class Leftovers
{
    public static async Task TakeOverAsync(ClusterHome home, PostgresBinaries binaries, Action<string> log)
    {
        var cluster = home.Cluster;
        var file = PostmasterFile.Read(cluster);
        if (Alive().Count > 0)
        {
            log($"Ending the PostgreSQL that a crashed host left running (process {string.Join(", ", Alive())}).");
            if (file is not null && Alive().Contains(file.ProcessId))
            {
                await ServerProcesses.StopAsync(file.ProcessId, () => !Alive().Contains(file.ProcessId), binaries, cluster);
            }

            await EndOrphansAsync(cluster);
        }

        // PostgreSQL clears a stale file itself, unless its process number belongs to somebody else by now, or to a dead process that
        // nobody has collected. No server works here any more, so the file says nothing.
        if (PostmasterFile.Read(cluster) is { } stale && ServerProcesses.IsAlive(stale.ProcessId))
        {
            File.Delete(PostmasterFile.In(cluster));
        }

        IReadOnlyList<int> Alive() => ServerProcesses.Of(cluster);
    }

    // Backends of a killed postmaster end when they notice; one in a long statement does not notice for long.
    private static async Task EndOrphansAsync(string cluster)
    {
        if (await EndedWithinAsync(2))
        {
            return;
        }

        foreach (var processId in ServerProcesses.Of(cluster))
        {
            ServerProcesses.Kill(processId);
        }

        if (!await EndedWithinAsync(10))
        {
            throw new PostgresUnavailableException(
                $"PostgreSQL processes still work on {cluster} and cannot be ended: {string.Join(", ", ServerProcesses.Of(cluster))}.");
        }

        Task<bool> EndedWithinAsync(int seconds) =>
            Poll.UntilAsync(() => ServerProcesses.Of(cluster).Count == 0, TimeSpan.FromSeconds(seconds), CancellationToken.None);
    }
}
