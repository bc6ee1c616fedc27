using System.Net;
using System.Net.Sockets;

namespace Banking.EmbeddedPostgres;

internal sealed record RunningServer(OwnedServer Process, int ProcessId, int Port);

/// <summary>Starts the server, on a free port unless one is given, and waits until it answers.</summary>
internal static class ServerStart
{
    private const int PortAttempts = 5;

    // A server that recovers from a crash replays its log first, and says that it is starting.
    private const int PatienceDuringRecovery = 10;

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
                home.Launcher.Server([binaries.Postgres, .. ServerConfiguration.Arguments(home.Cluster, chosen)], home.Log.File));
            PostmasterFile? Current() => PostmasterFile.Read(home.Cluster) is { } file && !file.IsSameServer(stale) ? file : null;
            try
            {
                bool Settled() => server.HasEnded || Current() is { IsReady: true };
                var settled = await Poll.UntilAsync(Settled, timeout, ct)
                    || (Current() is { Status: "starting" } && await Poll.UntilAsync(Settled, timeout * PatienceDuringRecovery, ct));
                if (settled && !server.HasEnded && Current() is { IsReady: true } ready)
                {
                    return new(server, ready.ProcessId, chosen);
                }
            }
            catch (OperationCanceledException)
            {
                await EndAsync(server, Current());
                throw;
            }

            var hadEnded = server.HasEnded;
            await EndAsync(server, Current());
            var said = home.Log.Since(logStart);
            // Somebody else took the port between our look and the server's.
            if (
                hadEnded
                && port is null
                && attempt < PortAttempts
                && said.Contains("could not create any TCP/IP sockets", StringComparison.Ordinal))
            {
                continue;
            }

            var complaint = hadEnded ? "ended while it started" : $"was not ready within {timeout.TotalSeconds:0} s";
            throw new PostgresUnavailableException(
                $"""
                PostgreSQL {binaries.Version} in {home.Folder} {complaint}. Its log {home.Log.File} ends with:
                {ServerLog.Tail(said)}
                """);
        }
    }

    // No data is at stake in a server that nobody has used yet.
    private static async Task EndAsync(OwnedServer server, PostmasterFile? postmaster)
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
