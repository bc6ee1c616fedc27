using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Banking.EmbeddedPostgres;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>
/// Measures what webhooks and streams of the feed cost that receive nothing: deposits on a bank without any, and on one with many, in
/// turns. Each bank has its own database, and a new host for each turn. Runs only when named.
/// </summary>
internal sealed class IdleReaders(Options options, PostgresCluster cluster, RunResults results)
{
    public const string Name = "idle";

    private const int Webhooks = 10_000;
    private const int Streams = 1_000;
    private const int Callers = 64;

    /// <summary>The share of the closed loop's rate at which the open loop runs.</summary>
    private const double OpenLoopShare = 0.5;

    private static readonly string[] Settings =
    [
        $"--Banking:Publishing:Webhooks:MaxPerCaller={Webhooks}",
        "--Banking:Publishing:Webhooks:AllowInsecure=true",
        "--Banking:Publishing:Webhooks:AllowPrivateAddresses=true",
        $"--Banking:EventStreams:MaxPerCaller={Streams}",
    ];

    private readonly Dictionary<string, (List<double> P50, List<double> P99)> _latencies = [];
    private double _rate;

    public async Task RunAsync(long balance)
    {
        if (!options.Only.Contains(Name))
        {
            return;
        }

        await using var without = await CreateAsync("idle_without");
        await using var with = await CreateAsync("idle_with");
        foreach (var bank in (IdleBank[])[without, with])
        {
            using var host = await BankUnderTest.OursAsync(bank.ConnectionString, Settings);
            bank.Ids = await host.OpenAsync(options.Accounts, (balance / 100).ToString(CultureInfo.InvariantCulture) + ".00");
            bank.Total = options.Accounts * balance;
            if (bank == with)
            {
                await RegisterAsync(host);
                await WaitUntilIdleAsync(bank, Webhooks);
            }
        }

        foreach (var hasReaders in (bool[])[false, true, true, false])
        {
            await RunTurnAsync(hasReaders ? with : without, hasReaders);
        }

        foreach (var loop in (string[])["closed", "open"])
        {
            var (alone, readers) = (_latencies["without-" + loop], _latencies["with-" + loop]);
            await results.PrintAsync(
                $"{Name,-15} {loop} loop: with {Webhooks:N0} webhooks and {Streams:N0} streams ",
                $"p50 {readers.P50.Average() / alone.P50.Average():0.00} x, ",
                $"p99 {readers.P99.Average() / alone.P99.Average():0.00} x without");
        }
    }

    private async Task<IdleBank> CreateAsync(string database) =>
        new(cluster.ConnectionString(database), await cluster.CreateSourceAsync(database, pool: 20));

    private async Task RunTurnAsync(IdleBank bank, bool hasReaders)
    {
        using var host = await BankUnderTest.OursAsync(bank.ConnectionString, Settings);
        using var streams = new IdleStreams();
        if (hasReaders)
        {
            var end = await bank.Source.ReadAsync<long>("select max(seq_id) from bank.mt_events");
            await streams.OpenAsync(host, Streams, end);
            await WaitUntilIdleAsync(bank, Webhooks);
        }

        var name = hasReaders ? "with" : "without";
        await ReportRestAsync(bank, name);
        var connections = await host.ConnectAsync(Callers, "/v1/deposits");
        var run = Guid.CreateVersion7().ToString("N");
        await CountAsync(bank, Load.ClosedAsync(Callers, options.WarmUp, Sender(connections, bank.Ids, run + "-w")));
        var closed = await MeasureAsync(bank, name, "closed", run, connections, null);
        _rate = _rate == 0 ? closed * OpenLoopShare : _rate;
        await MeasureAsync(bank, name, "open", run, connections, _rate);
        Array.ForEach(connections, c => c.Dispose());
        if (hasReaders)
        {
            await results.PrintAsync($"{Name,-15} {streams.Open} of {Streams} streams are open and got {streams.Bytes:N0} bytes");
        }
    }

    private async Task<double> MeasureAsync(
        IdleBank bank, string name, string loop, string run, RawHttp[] connections, double? rate)
    {
        var duration = TimeSpan.FromSeconds(options.Seconds);
        var send = Sender(connections, bank.Ids, $"{run}-{loop}");
        using var stop = new CancellationTokenSource();
        var sampling = SampleConnectionsAsync(bank.Source, stop.Token);
        var measured = await CountAsync(bank, new Profile(bank.Source, results).MeasureAsync(
            options.Profile,
            () => rate is { } perSecond
                ? Load.OpenAsync(Callers, perSecond, duration, send)
                : Load.ClosedAsync(Callers, duration, send)));
        await stop.CancelAsync();
        var connectionCount = await sampling;
        var row = Row.From($"{Name}-{name}", Callers, loop, measured) with
        {
            Conserved = await BankUnderTest.ConservedAsync(bank.Source, bank.Total),
        };
        results.Add(row);
        var (p50, p99) = _latencies.TryGetValue($"{name}-{loop}", out var known) ? known : _latencies[$"{name}-{loop}"] = ([], []);
        p50.Add(row.P50Ms);
        p99.Add(row.P99Ms);
        await results.PrintAsync(
            $"{row.Name,-15} {Callers,4} {loop,-6} {row.AcceptedPerSecond,8:N0}/s  errors {row.Errors}  p50 {row.P50Ms,7:0.00}  ",
            $"p99 {row.P99Ms,7:0.00}  max {row.MaxMs,8:0.00} ms  connections {connectionCount}  conserved {row.Conserved}");
        return measured.Accepted / measured.Seconds;
    }

    /// <summary>Reports what the bank does while nothing is committed.</summary>
    private async Task ReportRestAsync(IdleBank bank, string name)
    {
        var before = await TransactionsAsync(bank.Source);
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds), TimeProvider.System);
        var rate = (await TransactionsAsync(bank.Source) - before) / (double)options.Seconds;
        await results.PrintAsync(
            $"{Name}-{name,-10} at rest: {rate:N0} transactions/s, {await ConnectionsAsync(bank.Source)} connections");
    }

    private static Task<long> TransactionsAsync(NpgsqlDataSource source) => source.ReadAsync<long>(
        "select xact_commit + xact_rollback from pg_stat_database where datname = current_database()");

    /// <summary>The connections of the host.</summary>
    private static Task<long> ConnectionsAsync(NpgsqlDataSource source) => source.ReadAsync<long>(
        "select count(*) from pg_stat_activity where datname = current_database() and application_name like 'banking%'");

    private static async Task<long> SampleConnectionsAsync(NpgsqlDataSource source, CancellationToken stop)
    {
        var most = 0L;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        while (!stop.IsCancellationRequested)
        {
            most = Math.Max(most, await ConnectionsAsync(source));
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }

        return most;
    }

    private static async Task<Measured> CountAsync(IdleBank bank, Task<Measured> load)
    {
        var measured = await load;
        bank.Total += measured.Accepted;
        return measured;
    }

    /// <summary>Deposits of one cent each, on any account.</summary>
    private static Func<int, long, Task<Counted>> Sender(RawHttp[] connections, string[] ids, string run)
    {
        var random = Enumerable.Range(0, connections.Length).Select(seed => new Random(seed)).ToArray();
        return async (caller, i) =>
        {
            var account = ids[random[caller].Next(ids.Length)];
            var status = await connections[caller].PostAsync(
                $"{run}-{caller}-{i}",
                $$$"""{"accountId":"{{{account}}}","amount":{"value":"0.01","currency":"EUR"},"reason":"benchmark"}""");
            return status == 201 ? new(1, 0, 0) : new(0, 0, 1);
        };
    }

    /// <summary>Registers webhooks for accounts that do not exist.</summary>
    private static async Task RegisterAsync(BankUnderTest host)
    {
        var token = await host.RequestTokenAsync("operator");
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(async _ =>
        {
            using var http = await RawHttp.ConnectAsync(host.Address, "/v1/webhooks", token);
            for (var i = Interlocked.Increment(ref next); i < Webhooks; i = Interlocked.Increment(ref next))
            {
                var body = $$"""{"url":"http://127.0.0.1:9/hook","accounts":["{{IdleStreams.Account(i)}}"]}""";
                if (await http.PostAsync($"webhook-{i}", body) is var status and not 201)
                {
                    throw new InvalidOperationException($"{status}: {Encoding.UTF8.GetString(http.Body.Span)}");
                }
            }
        }));
    }

    private static async Task WaitUntilIdleAsync(IdleBank bank, int webhooks)
    {
        const string Idle =
            "select count(*) from publishing.publisher where kind = 'webhook' and position >= (select max(seq_id) from bank.mt_events)";
        while (await bank.Source.ReadAsync<long>(Idle) < webhooks)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System);
        }
    }

    private sealed class IdleBank(string connectionString, NpgsqlDataSource source) : IAsyncDisposable
    {
        public string ConnectionString => connectionString;

        public NpgsqlDataSource Source => source;

        public string[] Ids { get; set; } = [];

        /// <summary>The expected sum of all money, in cents.</summary>
        public long Total { get; set; }

        public ValueTask DisposeAsync() => source.DisposeAsync();
    }

    /// <summary>Streams of the feed that take events of accounts that do not exist.</summary>
    private sealed class IdleStreams : IDisposable
    {
        private readonly List<Socket> _sockets = [];
        private long _bytes;
        private int _open;

        public int Open => _open;

        public long Bytes => Interlocked.Read(ref _bytes);

        public static string Account(int number) => "acc_" + (number + 1).ToString("x32", CultureInfo.InvariantCulture);

        /// <param name="after">The end of the log.</param>
        public async Task OpenAsync(BankUnderTest host, int count, long after)
        {
            var token = await host.RequestTokenAsync("auditor");
            for (var i = 0; i < count; i++)
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                _sockets.Add(socket);
                await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, host.Address.Port));
                await socket.SendAsync(Encoding.ASCII.GetBytes(
                    $"GET /v1/feed?after={after}&accounts={Account(i)} HTTP/1.1\r\nHost: {host.Address.Authority}\r\n"
                        + $"Accept: text/event-stream\r\nAuthorization: Bearer {token}\r\n\r\n"));
                var buffer = new byte[4_096];
                var read = await socket.ReceiveAsync(buffer);
                if (!Encoding.ASCII.GetString(buffer, 0, read).StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
                {
                    throw new InvalidOperationException(Encoding.ASCII.GetString(buffer, 0, read));
                }

                Interlocked.Increment(ref _open);
                _ = ReadAsync(socket, buffer);
            }
        }

        public void Dispose() => _sockets.ForEach(s => s.Dispose());

        private async Task ReadAsync(Socket socket, byte[] buffer)
        {
            try
            {
                while (await socket.ReceiveAsync(buffer) is var read and > 0)
                {
                    Interlocked.Add(ref _bytes, read);
                }
            }
            catch (SocketException)
            {
                // The measurement is over.
            }
            catch (ObjectDisposedException)
            {
                // The measurement is over.
            }

            Interlocked.Decrement(ref _open);
        }
    }
}
