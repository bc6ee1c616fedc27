using System.Diagnostics;
using System.Globalization;
using System.Text;
using Banking.Testing.Parts;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Banking.Testing.Brokers;

/// <summary>
/// A private RabbitMQ, from the distribution's package: ports, data, log, cookie and port mapper (epmd) of its own, nothing of which is
/// shared with another broker of this machine or left behind. It goes as soon as this process does, even if that is killed.
/// </summary>
public sealed class RabbitServer : IAsyncDisposable
{
    /// <summary>The script itself. The one on the PATH changes the account, reads /etc/rabbitmq, and only root may call it.</summary>
    private const string Program = "/usr/lib/rabbitmq/bin/rabbitmq-server";

    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(60);
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
    /// Why there can be no such server here, or null where it can: <c>Assert.SkipWhen(RabbitServer.Missing is not null,
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

            if (Absent() is null)
            {
                return null;
            }

            TestParts.Ensure();
            return Absent() is { } absent ? $"There is no {absent}. Run once, as root on Debian or Ubuntu: {TestParts.Command}" : null;
        }
    }

    public int Port => _amqp.Number;

    /// <summary>The user that every new broker has, whom it lets in from this machine only.</summary>
    public Uri AmqpUri => UriOf(Port);

    /// <summary>All it has: data, log and settings.</summary>
    public string Folder => _folder.FullName;

    private string NodeName => $"banking{Text(_amqp)}@localhost";

    private string LogFile => Path.Combine(Folder, "broker.log");

    /// <summary>The same broker by another port, as that of a <see cref="TcpProxy"/>.</summary>
    public static Uri UriOf(int port) => new($"amqp://guest:guest@127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}/");

    /// <summary>Starts a new and empty broker; it is there when it lets a client in.</summary>
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
            // Without this file the broker looks into /etc/rabbitmq.
            File.WriteAllText(server.In("rabbitmq-env.conf"), "");
            // Names are not looked up by a helper process, which a killed broker leaves behind for a moment.
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

    /// <summary>kill -9: nothing is flushed, no connection is closed in order.</summary>
    public async Task KillAsync()
    {
        await EndAsync(_broker);
        _broker = null;
    }

    /// <summary>Starts the broker on its ports and with what its disk holds.</summary>
    public async Task StartAgainAsync()
    {
        // Its own port mapper is started first, so that the broker does not leave a daemon behind.
        _epmd ??= await RunAsync("/usr/bin/epmd");
        _broker = await RunAsync(Program);
        var started = TimeProvider.System.GetTimestamp();
        while (!await LetsInAsync())
        {
            if (_broker.HasExited)
            {
                throw new InvalidOperationException($"RabbitMQ ended with {_broker.ExitCode} instead of starting:\n{ReadLogTail()}");
            }

            if (TimeProvider.System.GetElapsedTime(started) > Timeout)
            {
                throw new TimeoutException($"RabbitMQ lets nobody in after {Timeout.TotalSeconds} seconds:\n{ReadLogTail()}");
            }

            await Task.Delay(Interval, TimeProvider.System);
        }
    }

    /// <summary>
    /// Returns when a new quorum queue would be found again after <see cref="KillAsync"/>. The broker confirms messages before
    /// it has written down which log is the queue's; killed before that, it comes back with a queue that is empty, and was not seen
    /// to get a leader within a minute (RabbitMQ 3.10.8).
    /// </summary>
    public async Task UntilSettledAsync(string quorumQueue)
    {
        var names = Path.Combine(In("data"), NodeName, "quorum", NodeName, "names.dets");
        var queue = Encoding.UTF8.GetBytes("%2F_" + quorumQueue);
        // An atom is stored behind its length; without that, a queue would be found whose name only begins like this one's.
        byte[] name = [(byte)queue.Length, .. queue];
        var started = TimeProvider.System.GetTimestamp();
        while (!await HasAsync(names, name))
        {
            if (TimeProvider.System.GetElapsedTime(started) > Timeout)
            {
                throw new TimeoutException($"The broker has not written down the queue {quorumQueue}:\n{ReadLogTail()}");
            }

            await Task.Delay(Interval, TimeProvider.System);
        }
    }

    /// <summary>The last lines of what the broker said.</summary>
    public string ReadLogTail() => File.Exists(LogFile) ? string.Join('\n', File.ReadLines(LogFile).TakeLast(40)) : "It said nothing.";

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        await EndAsync(_epmd);
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

    private static string? Absent() =>
        ((string[])[Program, "/usr/bin/epmd", "/usr/bin/setpriv"]).FirstOrDefault(file => !File.Exists(file));

    private static async Task EndAsync(Process? process)
    {
        if (process is not null)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    private static async Task<bool> HasAsync(string file, byte[] text)
    {
        await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var content = new MemoryStream();
        await stream.CopyToAsync(content);
        return content.ToArray().AsSpan().IndexOf(text) >= 0;
    }

    private async Task<bool> LetsInAsync()
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

    /// <summary>Starts a program that replaces itself until it is the server, so that the process answered is the one to kill.</summary>
    private async Task<Process> RunAsync(string program)
    {
        // The log is a file and not a pipe: a server whose pipe nobody reads stands still.
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

        // The kernel takes the thread that starts a process for its parent, and threads of the pool come and go.
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
                // It is thrown where the process is waited for.
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException)
            {
                // It has ended already.
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
        // With this the script becomes the virtual machine, instead of watching over it as a process of its own.
        ("RABBITMQ_ALLOW_INPUT", "1"),
        ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-noinput +S 1:1 +SDcpu 1:1 +SDio 2 +A 2 -kernel inet_dist_use_interface {127,0,0,1}"),
    ];

    private static string Text(LoopbackPort port) => port.Number.ToString(CultureInfo.InvariantCulture);

    private string In(string name) => Path.Combine(Folder, name);
}
