using System.Net;
using System.Net.Sockets;

namespace Banking.EmbeddedPostgres;

/// <summary>A server that accepts connections.</summary>
internal sealed record RunningServer(OwnedServer Process, int ProcessId, int Port);

/// <summary>Starts the server on the given port or a free one, and waits until it accepts connections.</summary>
internal static class ServerStart
{
    private const int MaxPortAttempts = 5;

    // After a crash the server replays its log first. Its status is "starting" meanwhile.
    private const int RecoveryTimeoutFactor = 10;

    public static async Task<RunningServer> RunAsync(
        ClusterHome home, PostgresBinaries binaries, int? port, TimeSpan timeout, CancellationToken ct)
    {
        home.Log.Prepare();
        for (var attempt = 1; ; attempt++)
        {
            var stale = PostmasterFile.Read(home.Cluster);
            var logStart = home.Log.Length;
            var chosen = port ?? FreePort();
            var server = await OwnedServer.StartAsync(
                home.Launcher.WrapServer([binaries.Postgres, .. ServerConfiguration.Arguments(home.Cluster, chosen)], home.Log.File));
            PostmasterFile? ReadCurrent() => PostmasterFile.Read(home.Cluster) is { } file && !file.IsSameServer(stale) ? file : null;
            try
            {
                bool HasStartedOrEnded() => server.HasEnded || ReadCurrent() is { IsReady: true };
                var isDone = await Poll.UntilAsync(HasStartedOrEnded, timeout, ct)
                    || (ReadCurrent() is { Status: "starting" }
                        && await Poll.UntilAsync(HasStartedOrEnded, timeout * RecoveryTimeoutFactor, ct));
                if (isDone && !server.HasEnded && ReadCurrent() is { IsReady: true } ready)
                {
                    return new(server, ready.ProcessId, chosen);
                }
            }
            catch (OperationCanceledException)
            {
                await KillAsync(server, ReadCurrent());
                throw;
            }

            var hadEnded = server.HasEnded;
            await KillAsync(server, ReadCurrent());
            var output = home.Log.ReadFrom(logStart);
            // Another program took the port after FreePort released it.
            if (
                hadEnded
                && port is null
                && attempt < MaxPortAttempts
                && output.Contains("could not create any TCP/IP sockets", StringComparison.Ordinal))
            {
                continue;
            }

            var problem = hadEnded ? "ended while it started" : $"was not ready within {timeout.TotalSeconds:0} s";
            throw new PostgresUnavailableException(
                $"""
                PostgreSQL {binaries.Version} in {home.Folder} {problem}. Its log {home.Log.File} ends with:
                {ServerLog.Tail(output)}
                """);
        }
    }

    // A kill is safe, because the server has not been used yet.
    private static async Task KillAsync(OwnedServer server, PostmasterFile? postmaster)
    {
        if (!server.HasEnded)
        {
            ServerProcesses.Kill(postmaster?.ProcessId ?? server.ChildProcessId);
            await Poll.UntilAsync(() => server.HasEnded, ServerProcesses.FastShutdown, CancellationToken.None);
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
