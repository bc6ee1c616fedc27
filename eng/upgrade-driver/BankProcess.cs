using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text.Json;

namespace UpgradeDriver;

/// <summary>A host of one program of the bank in a process of its own.</summary>
internal sealed class BankProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();

    private BankProcess(string name, Process process, HttpClient http)
    {
        (Name, _process, Http) = (name, process, http);
        process.OutputDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        process.ErrorDataReceived += (_, line) => _output.Enqueue(line.Data ?? "");
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public string Name { get; }

    /// <summary>Sends requests with a teller's token.</summary>
    public HttpClient Http { get; }

    /// <summary>Starts a host, and waits until it is ready.</summary>
    public static async Task<BankProcess> ServeAsync(string name, string program, string[] settings)
    {
        var address = $"http://127.0.0.1:{FreePort().ToString(CultureInfo.InvariantCulture)}";
        var process = Start(program, ["--environment", "Development", "--no-demo", "--urls", address, .. settings]);
        var bank = new BankProcess(name, process, new HttpClient { BaseAddress = new(address), Timeout = TimeSpan.FromSeconds(40) });
        var started = Stopwatch.StartNew();
        while (!await bank.IsReadyAsync())
        {
            if (process.HasExited || started.Elapsed > StartTimeout)
            {
                throw new InvalidOperationException($"{name} did not start:{Environment.NewLine}{bank.Output}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }

        bank.Http.DefaultRequestHeaders.Authorization = new("Bearer", await bank.TokenAsync("teller"));
        return bank;
    }

    /// <summary>Runs a command of a program, and returns its exit code and output.</summary>
    public static async Task<(int ExitCode, string Output)> RunAsync(string program, string[] arguments)
    {
        using var process = Start(program, arguments);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, (await output + await error).Trim());
    }

    public string Output => string.Join(Environment.NewLine, _output.TakeLast(40));

    public async Task<string> TokenAsync(string role)
    {
        using var answer = await Http.PostAsJsonAsync("/dev/token", new { role });
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString()!;
    }

    /// <summary>Stops it as an operator does, with SIGTERM.</summary>
    public async Task StopAsync()
    {
        using (Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await _process.WaitForExitAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        Http.Dispose();
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await Http.GetAsync("/health/ready");
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            // It does not listen yet.
            return false;
        }
    }

    private static Process Start(string program, string[] arguments) => Process.Start(
        new ProcessStartInfo("dotnet", [program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.GetDirectoryName(program)!,
        })!;

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
