using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Banking.Operations.Tests.Archive;

/// <summary>
/// A server of Node that speaks S3, at the version of Archive/s3/package-lock.json. It is installed once per build output.
/// </summary>
internal sealed class S3Server : IDisposable
{
    public const string Bucket = "bank-archive";

    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Archive", "s3");

    private readonly Process _process;

    private S3Server(Process process, int port) => (_process, Address) = (process, $"http://127.0.0.1:{port}");

    public string Address { get; }

    /// <summary>Starts the server with an empty bucket. Null if Node or npm is not there.</summary>
    public static async Task<S3Server?> StartAsync(string data)
    {
        if (!IsOnPath("node") || !IsOnPath("npm"))
        {
            return null;
        }

        if (!Directory.Exists(Path.Combine(Folder, "node_modules")))
        {
            using var install = Run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline");
            await install.WaitForExitAsync();
            Assert.Equal(0, install.ExitCode);
        }

        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        var port = ((IPEndPoint)probe.LocalEndpoint).Port;
        probe.Stop();
        var process = Run(
            "node", "node_modules/.bin/s3rver", "--directory", data, "--address", "127.0.0.1", "--port",
            port.ToString(CultureInfo.InvariantCulture), "--no-vhost-buckets", "--configure-bucket", Bucket);
        while (await process.StandardOutput.ReadLineAsync() is { } line && !line.Contains("listening", StringComparison.Ordinal))
        {
        }

        _ = process.StandardOutput.ReadToEndAsync();
        return new(process, port);
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static Process Run(string program, params string[] arguments) => Process.Start(
        new ProcessStartInfo(program, arguments) { WorkingDirectory = Folder, RedirectStandardOutput = true })!;

    private static bool IsOnPath(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(f => File.Exists(Path.Combine(f, program)));
}
