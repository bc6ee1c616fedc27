using System.Diagnostics;
using System.Globalization;
using System.Text;
using Banking.Testing.Parts;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Banking.Testing.Brokers;

/// <summary>
/// A private RabbitMQ broker from the distribution's package. It has its own ports, data, log, cookie and port mapper (epmd). It shares
/// nothing with other brokers of this machine and leaves nothing behind. It ends with this process, even if this process is killed.
/// </summary>
public sealed class RabbitServer : IAsyncDisposable
{
    /// <summary>The server script itself. The script on the PATH switches the user, reads /etc/rabbitmq and requires root.</summary>
    private const string Program = "/usr/lib/rabbitmq/bin/rabbitmq-server";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(180);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("banking-rabbit-");
    private readonly LoopbackPort _amqp = new();
    private readonly LoopbackPort _distribution = new();
    private readonly LoopbackPort _portMapper = new();
    private Process? _epmd;
    private Process? _broker;

    private RabbitServer()
    {
    }

    /// <summary>
    /// The reason why RabbitMQ cannot run on this machine, or null if it can: <c>Assert.SkipWhen(RabbitServer.Missing is not null,
    /// RabbitServer.Missing ?? "")</c>.
    /// </summary>
    public static string? Missing
    {
        get
        {
            if (!OperatingSystem.IsLinux())
            {
                return "RabbitMQ is started from a Linux distribution's package only.";
            }

            if (MissingFile() is null)
            {
                return null;
            }

            TestParts.Ensure();
            return MissingFile() is { } file ? $"{file} does not exist. Run once, as root on Debian or Ubuntu: {TestParts.Command}" : null;
        }
    }

    public int Port => _amqp.Number;

    /// <summary>The address with the default user, which the broker accepts from this machine only.</summary>
    public Uri AmqpUri => UriOf(Port);

    /// <summary>The folder of its data, log and settings.</summary>
    public string Folder => _folder.FullName;

    private string NodeName => $"banking{Text(_amqp)}@localhost";

    private string LogFile => Path.Combine(Folder, "broker.log");

    /// <summary>The address of the broker through another port, for example that of a <see cref="TcpProxy"/>.</summary>
    public static Uri UriOf(int port) => new($"amqp://guest:guest@127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}/");

    /// <summary>Starts a new, empty broker, and waits until it accepts connections.</summary>
    public static async Task<RabbitServer> StartAsync()
    {
        var server = new RabbitServer();
        try
        {
            File.WriteAllText(server.In("rabbitmq.conf"), $"""
                listeners.tcp.1 = 127.0.0.1:{server.Port}
                log.console = true
                log.console.level = info
                log.file = false
                disk_free_limit.absolute = 1MB
                raft.wal_max_size_bytes = 16000000

                """);
            File.WriteAllText(server.In("no-plugins"), "[].\n");
            // Without this file the broker reads /etc/rabbitmq.
            File.WriteAllText(server.In("rabbitmq-env.conf"), "");
            // Resolve names without the helper process, which would outlive a killed broker for a moment.
            File.WriteAllText(server.In("inetrc"), """
                {lookup, [file]}.
                {host, {127,0,0,1}, ["localhost"]}.

                """);
            await server.StartAgainAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Kills the broker with SIGKILL: it flushes nothing and closes no connection gracefully.</summary>
    public async Task KillAsync()
    {
        await KillProcessAsync(_broker);
        _broker = null;
    }

    /// <summary>Starts the broker again on the same ports and data.</summary>
    public async Task StartAgainAsync()
    {
        // Start a private port mapper first. Otherwise the broker would start one as a daemon that outlives it.
        _epmd ??= await RunAsync("/usr/bin/epmd");
        _broker = await RunAsync(Program);
        var started = TimeProvider.System.GetTimestamp();
        while (!await AcceptsConnectionsAsync())
        {
            if (_broker.HasExited)
            {
                throw new InvalidOperationException($"RabbitMQ ended with {_broker.ExitCode} instead of starting:\n{ReadLogTail()}");
            }

            if (TimeProvider.System.GetElapsedTime(started) > Timeout)
            {
                throw new TimeoutException($"RabbitMQ accepts no connections after {Timeout.TotalSeconds} seconds:\n{ReadLogTail()}");
            }

            await Task.Delay(Interval, TimeProvider.System);
        }
    }

    /// <summary>
    /// Waits until a new quorum queue would survive <see cref="KillAsync"/>. The broker confirms messages before it records which log
    /// belongs to the queue. If it is killed before that, the queue is empty after the restart and gets no leader within a minute (seen
    /// with RabbitMQ 3.10.8).
    /// </summary>
    public async Task UntilRecordedAsync(string quorumQueue)
    {
        var names = Path.Combine(In("data"), NodeName, "quorum", NodeName, "names.dets");
        var queue = Encoding.UTF8.GetBytes("%2F_" + quorumQueue);
        // An atom is stored after its length. Without the length, a queue whose name starts with this name would match.
        byte[] name = [(byte)queue.Length, .. queue];
        var started = TimeProvider.System.GetTimestamp();
        while (!await ContainsAsync(names, name))
        {
            if (TimeProvider.System.GetElapsedTime(started) > Timeout)
            {
                throw new TimeoutException($"The broker has not recorded the queue {quorumQueue} in time:\n{ReadLogTail()}");
            }

            await Task.Delay(Interval, TimeProvider.System);
        }
    }

    /// <summary>The last lines of the broker's log.</summary>
    public string ReadLogTail() => File.Exists(LogFile) ? string.Join('\n', File.ReadLines(LogFile).TakeLast(40)) : "There is no log.";

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        await KillProcessAsync(_epmd);
        _epmd = null;
        _amqp.Dispose();
        _distribution.Dispose();
        _portMapper.Dispose();
        if (_folder.Exists)
        {
            _folder.Delete(recursive: true);
            _folder.Refresh();
        }
    }

    private static string? MissingFile() =>
        ((string[])[Program, "/usr/bin/epmd", "/usr/bin/setpriv"]).FirstOrDefault(file => !File.Exists(file));

    private static async Task KillProcessAsync(Process? process)
    {
        if (process is not null)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    private static async Task<bool> ContainsAsync(string file, byte[] text)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var content = new MemoryStream();
        await stream.CopyToAsync(content);
        return content.ToArray().AsSpan().IndexOf(text) >= 0;
    }

    private async Task<bool> AcceptsConnectionsAsync()
    {
        try
        {
            var factory = new ConnectionFactory { Uri = AmqpUri, AutomaticRecoveryEnabled = false };
            await using var connection = await factory.CreateConnectionAsync();
            return true;
        }
        catch (BrokerUnreachableException)
        {
            return false;
        }
    }

    /// <summary>Starts a program through a chain of exec calls: the returned process is the server itself and can be killed.</summary>
    private async Task<Process> RunAsync(string program)
    {
        // Log to a file and not to a pipe: a server blocks when its pipe is full and not read.
        var info = new ProcessStartInfo(
            "/usr/bin/setpriv",
            ["--pdeathsig", "KILL", "/bin/sh", "-c", "exec \"$@\" >>\"$0\" 2>&1 </dev/null", LogFile, program]);
        foreach (
            var name in info
                .Environment.Keys.Where(n =>
                    n.StartsWith("RABBITMQ_", StringComparison.Ordinal) || n.StartsWith("ERL_", StringComparison.Ordinal))
                .ToList())
        {
            info.Environment.Remove(name);
        }

        foreach (var (name, value) in Settings())
        {
            info.Environment[name] = value;
        }

        // --pdeathsig follows the thread that starts the process, and pool threads may end early. A dedicated thread starts it and waits.
        var running = new TaskCompletionSource<Process>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                var process = Process.Start(info)!;
                running.SetResult(process);
                using var watched = Process.GetProcessById(process.Id);
                watched.WaitForExit();
            }
            catch (Exception e) when (running.TrySetException(e))
            {
                // The awaiting caller throws it.
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException)
            {
                // The process has already ended.
            }
        })
        { IsBackground = true, Name = program }.Start();
        return await running.Task;
    }

    private IEnumerable<(string Name, string Value)> Settings() =>
    [
        ("HOME", Folder),
        ("ERL_EPMD_ADDRESS", "127.0.0.1"),
        ("ERL_EPMD_PORT", Text(_portMapper)),
        ("ERL_INETRC", In("inetrc")),
        ("RABBITMQ_NODENAME", NodeName),
        ("RABBITMQ_DIST_PORT", Text(_distribution)),
        ("RABBITMQ_CONF_ENV_FILE", In("rabbitmq-env.conf")),
        ("RABBITMQ_CONFIG_FILE", In("rabbitmq.conf")),
        ("RABBITMQ_CONFIG_FILES", In("conf.d")),
        ("RABBITMQ_ADVANCED_CONFIG_FILE", In("advanced.config")),
        ("RABBITMQ_ENABLED_PLUGINS_FILE", In("no-plugins")),
        ("RABBITMQ_MNESIA_BASE", In("data")),
        ("RABBITMQ_LOG_BASE", In("log")),
        // The script then replaces itself with the Erlang virtual machine instead of supervising it as a second process.
        ("RABBITMQ_ALLOW_INPUT", "1"),
        ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-noinput +S 1:1 +SDcpu 1:1 +SDio 2 +A 2 -kernel inet_dist_use_interface {127,0,0,1}"),
    ];

    private static string Text(LoopbackPort port) => port.Number.ToString(CultureInfo.InvariantCulture);

    private string In(string name) => Path.Combine(Folder, name);
}
