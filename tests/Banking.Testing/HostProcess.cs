using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Banking.Host.Database;
using Npgsql;

namespace Banking.Testing;

/// <summary>The real host in its own process, which a test can kill.</summary>
public sealed partial class HostProcess : IAsyncDisposable
{
    private const string HostConnection = "ConnectionStrings__banking";
    private const string OwnerConnection = "ConnectionStrings__owner";

    private static readonly TimeSpan MaxRun = TimeSpan.FromMinutes(10);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly TaskCompletionSource<string> _token = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _stopLine = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private int _disposed;

    static HostProcess() => _ = TestKeys.Folder;

    private HostProcess(Process process, string address)
    {
        _process = process;
        Address = address;
    }

    public string Address { get; }

    public int Id => _process.Id;

    /// <summary>The standard output and error so far.</summary>
    public string Output => string.Join('\n', _output);

    /// <summary>Runs the host until it exits, and returns its exit code, standard output and standard error.</summary>
    /// <exception cref="TimeoutException">It does not exit: it serves although a test expects that it is refused.</exception>
    public static async Task<(int ExitCode, string Output, string Error)> RunAsync(
        string[] args, params (string Name, string Value)[] environment)
    {
        using var process = Process.Start(CreateStartInfo(args, environment))!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        using var limit = new CancellationTokenSource(MaxRun);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"{string.Join(' ', args)} did not end within {MaxRun}:\n{await output}\n{await error}");
        }

        return (process.ExitCode, await output, await error);
    }

    /// <summary>Starts the host and returns without waiting.</summary>
    public static Process Start(string[] args, params (string Name, string Value)[] environment)
    {
        var process = Process.Start(CreateStartInfo(args, environment))!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    /// <summary>Starts a serving host in Development on a free port, and waits until it reports that it serves.</summary>
    public static async Task<HostProcess> ServeAsync(string[] args, params (string Name, string Value)[] environment)
    {
        var address = $"http://127.0.0.1:{FreePort()}";
        var info = CreateStartInfo([.. args, "--urls", address], [.. environment, ("ASPNETCORE_ENVIRONMENT", "Development")]);
        var process = Process.Start(info)!;
        var host = new HostProcess(process, address);
        process.OutputDataReceived += (_, line) => host.AddLine(line.Data);
        process.ErrorDataReceived += (_, line) => host.AddLine(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var ended = process.WaitForExitAsync();
        if (await Task.WhenAny(host._stopLine.Task, ended) == ended)
        {
            throw new InvalidOperationException($"The host exited with code {process.ExitCode} before it served:\n{host.Output}");
        }

        return host;
    }

    /// <summary>The token that the host printed.</summary>
    public Task<string> TokenAsync() => _token.Task;

    /// <summary>A client with the token that the host printed.</summary>
    public async Task<BankClient> TellerAsync() => new(Http(), await TokenAsync());

    public HttpClient Http() => new(new SocketsHttpHandler
    {
        MaxConnectionsPerServer = 256,
        // Send the body of an Expect: 100-continue request only when the host asks for it; the default is after one second.
        Expect100ContinueTimeout = Timeout.InfiniteTimeSpan,
    })
    { BaseAddress = new Uri(Address) };

    /// <summary>Sends SIGKILL: no handler runs, and no connection is closed properly.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: false);
        await _process.WaitForExitAsync();
    }

    /// <summary>Sends SIGTERM, as an operator does, and returns the exit code.</summary>
    public async Task<int> StopAsync()
    {
        using (Process.Start("kill", ["-TERM", _process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
        {
            await _process.WaitForExitAsync();
        }

        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
        {
            return;
        }

        if (!_process.HasExited)
        {
            await StopAsync();
        }

        _process.Dispose();
    }

    private void AddLine(string? line)
    {
        if (line is null)
        {
            return;
        }

        _output.Enqueue(line);
        if (TokenLine().Match(line) is { Success: true } token)
        {
            _token.TrySetResult(token.Groups[1].Value);
        }

        if (line.StartsWith("Stop ", StringComparison.Ordinal))
        {
            _stopLine.TrySetResult();
        }
    }

    private static ProcessStartInfo CreateStartInfo(string[] args, (string Name, string Value)[] environment)
    {
        var info = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Banking.Host.dll"), .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetTempPath(),
            // What pays in a server that runs for days costs a test time: profile-guided optimization, optimized code for methods that are
            // called 30 times (here 512), a heap for each processor, and memory for compiled code that is mapped twice.
            Environment =
            {
                ["DOTNET_TieredPGO"] = "0", ["DOTNET_TC_CallCountThreshold"] = "200", ["DOTNET_gcServer"] = "0",
                ["DOTNET_EnableWriteXorExecute"] = "0",
            },
        };
        foreach (var (name, value) in environment)
        {
            info.Environment[name] = value;
        }

        foreach (var (name, value) in FindOwner(environment))
        {
            info.Environment.TryAdd(name, value);
        }

        return info;
    }

    /// <summary>
    /// The connection string of the owner, which comes with that of the host's role, unless the test sets one. An empty one means no owner.
    /// </summary>
    internal static IEnumerable<(string Name, string Value)> FindOwner((string Name, string Value)[] settings) =>
        settings.FirstOrDefault(s => s.Name == HostConnection) is { Value: { Length: > 0 } database }
        && !settings.Any(s => s.Name == OwnerConnection)
        && new NpgsqlConnectionStringBuilder(database).Username == DatabaseRoles.Host
            ? [(OwnerConnection, TestCluster.Owner(database))]
            : [];

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex("^export TOKEN=(.+)$")]
    private static partial Regex TokenLine();
}
