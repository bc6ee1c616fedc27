using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Banking.EmbeddedPostgres;
using Banking.Testing.Brokers;
using Confluent.Kafka;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>
/// What publication costs commands, how long an event takes from its commit to the broker, and how fast a backlog drains. Kafka is
/// librdkafka's own mock in this process, over TCP, RabbitMQ a real one on this machine: both take their share of the two cores.
/// </summary>
internal sealed class Publication(Options options, PostgresCluster cluster, Action<Row> add, Func<string, Task> tell)
{
    public const string Name = "publication";

    private const string Topic = "banking.events";
    private const int Callers = 256;
    private const int Partitions = 12;
    private const int Backlog = 40_000;

    private readonly string[] _off = ["--Banking:Publishing:Kafka:BootstrapServers="];

    public async Task RunAsync(long balance)
    {
        if (options.Only.Count > 0 && !options.Only.Contains(Name))
        {
            return;
        }

        await cluster.EnsureDatabaseAsync("published");
        var connectionString = cluster.ConnectionString("published");
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var kafka = new KafkaMock();
        kafka.CreateTopic(Topic, Partitions);
        string[] on =
        [
            $"--Banking:Publishing:Kafka:BootstrapServers={kafka.BootstrapServers}",
            "--Banking:Publishing:Kafka:CreateTopic=false",
            "--Banking:Publishing:Kafka:From=now",
        ];
        string[] ids;
        using (var bank = await BankUnderTest.OursAsync(connectionString, _off))
        {
            ids = await bank.OpenAsync(options.Accounts, (balance / 100).ToString(CultureInfo.InvariantCulture) + ".00");
        }

        var conserved = ids.Length * balance;
        // Twice each, those without around those with it: the machine's speed changes while one looks, and a bank that grows becomes
        // slower.
        var rates = new Dictionary<bool, List<double>> { [false] = [], [true] = [] };
        foreach (var publishes in (bool[])[false, true, true, false])
        {
            using var bank = await BankUnderTest.OursAsync(connectionString, publishes ? on : _off);
            rates[publishes].Add(await CommandsAsync(bank, ids, source, publishes, conserved));
        }

        await tell(
            string.Create(
                CultureInfo.InvariantCulture,
                $"publication     commands with publication {rates[true].Average() / rates[false].Average():0.00} x without"));
        using (var bank = await BankUnderTest.OursAsync(connectionString, on))
        {
            await CalmAsync(bank, ids, source, kafka, rates[true].Average() / 5);
            await DrainAsync(bank, ids, source, "kafka");
        }

        if (RabbitServer.Missing is { } why)
        {
            await tell("publication     RabbitMQ left out: " + why);
            return;
        }

        await using var rabbit = await RabbitServer.StartAsync();
        using var other = await BankUnderTest.OursAsync(
            connectionString, [$"--Banking:Publishing:RabbitMq:Uri={rabbit.AmqpUri}", "--Banking:Publishing:RabbitMq:From=now"]);
        await DrainAsync(other, ids, source, "rabbitmq");
    }

    private async Task<double> CommandsAsync(BankUnderTest bank, string[] ids, NpgsqlDataSource source, bool publishes, long conserved)
    {
        var send = await SenderAsync(bank, ids, publishes ? "on" : "off");
        await Load.ClosedAsync(Callers, options.WarmUp, send("w"));
        var measured = await Load.ClosedAsync(Callers, TimeSpan.FromSeconds(options.Seconds), send("m"));
        var lag = await LagAsync(source);
        var row = Row(
            publishes ? "publication-on" : "publication-off",
            Callers,
            "closed",
            measured,
            lag,
            await BankUnderTest.ConservedAsync(source, conserved));
        add(row);
        await tell(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{row.Name,-15} {row.Callers,4} closed {row.AcceptedPerSecond,8:N0}/s  errors {row.Errors}  p50 {row.P50Ms,7:0.00}  p99 {row.P99Ms,7:0.00} ms  behind at the end {lag:N0} positions  conserved {row.Conserved}"
            ));
        return measured.Accepted / measured.Seconds;
    }

    /// <summary>
    /// From the recorded time in the event to its arrival at an independent consumer, at a fifth of what the bank can take.
    /// </summary>
    private async Task CalmAsync(BankUnderTest bank, string[] ids, NpgsqlDataSource source, KafkaMock kafka, double rate)
    {
        var send = await SenderAsync(bank, ids, "calm");
        await Load.OpenAsync(Callers, rate, options.WarmUp, send("w"));
        await UntilDeliveredAsync(source, "kafka");
        using var stop = new CancellationTokenSource();
        var latencies = new Latencies();
        var reading = Task.Run(() => Listen(kafka.BootstrapServers, latencies, stop.Token), CancellationToken.None);
        var measured = await Load.OpenAsync(Callers, rate, TimeSpan.FromSeconds(options.Seconds), send("m"));
        await UntilDeliveredAsync(source, "kafka");
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        await stop.CancelAsync();
        var seen = await reading;
        var (p50, p99, max) = Latencies.Of([latencies]);
        add(Row("publication-calm", Callers, "open", measured, 0, true) with { P50Ms = p50, P99Ms = p99, MaxMs = max });
        await tell(
            string.Create(
                CultureInfo.InvariantCulture,
                $"publication-calm  {rate:N0} transfers/s: {seen:N0} events seen, p50 {p50:0} p99 {p99:0} max {max:0} ms from recorded to the consumer"
            ));
    }

    private static long Listen(string bootstrap, Latencies latencies, CancellationToken ct)
    {
        using var consumer = new ConsumerBuilder<Ignore, byte[]>(
            new ConsumerConfig
            {
                BootstrapServers = bootstrap,
                GroupId = "latency",
                AutoOffsetReset = AutoOffsetReset.Latest,
            }).SetLogHandler((_, _) => { }).Build();
        // By hand: joining a group takes seconds, and what comes meanwhile would look late.
        consumer.Assign(Enumerable.Range(0, Partitions).Select(p => new TopicPartitionOffset(Topic, p, Offset.End)));
        var seen = 0L;
        while (!ct.IsCancellationRequested)
        {
            if (consumer.Consume(TimeSpan.FromMilliseconds(100)) is { } message)
            {
                using var json = JsonDocument.Parse(message.Message.Value);
                var late = TimeProvider.System.GetUtcNow() - json.RootElement.GetProperty("time").GetDateTimeOffset();
                latencies.Add((long)(late.TotalSeconds * Stopwatch.Frequency));
                seen++;
            }
        }

        return seen;
    }

    /// <summary>Held, a backlog grows; released, it drains while nothing else happens.</summary>
    private async Task DrainAsync(BankUnderTest bank, string[] ids, NpgsqlDataSource source, string destination)
    {
        using var operations = await bank.ClientAsync("operator");
        await UntilDeliveredAsync(source, destination);
        var why = new { reasonCode = "benchmark", reason = "How fast does a backlog drain?" };
        (await operations.PostAsJsonAsync($"/ops/outbox/{destination}/hold", why)).EnsureSuccessStatusCode();
        using (var load = await BatchLoad.ConnectAsync(bank, 100, 16, ids, Picks.Uniform(options.Accounts)))
        {
            for (var (i, sum) = (0, 0L); sum < Backlog; i++)
            {
                sum += (await load.RunAsync($"{destination}-{i}", TimeSpan.FromSeconds(2))).Accepted;
            }
        }

        var backlog = await LagAsync(source, destination);
        var clock = Stopwatch.StartNew();
        (await operations.PostAsJsonAsync($"/ops/outbox/{destination}/release", why)).EnsureSuccessStatusCode();
        await UntilDeliveredAsync(source, destination);
        var seconds = clock.Elapsed.TotalSeconds;
        add(
            new(
                "publication-drain-" + destination,
                1,
                "drain",
                Math.Round(backlog / seconds),
                0,
                0,
                0,
                0,
                seconds * 1000,
                0,
                0,
                0,
                0,
                0,
                true));
        await tell(
            string.Create(
                CultureInfo.InvariantCulture,
                $"publication-drain {destination}: {backlog:N0} events in {seconds:0.0} s, {backlog / seconds:N0} events/s"));
    }

    private static async Task<Func<string, Func<int, long, Task<Counted>>>> SenderAsync(BankUnderTest bank, string[] ids, string name)
    {
        var connections = await bank.ConnectAsync(Callers, "/v1/transfers");
        var texts = Enumerable.Range(0, Callers).Select(_ => new StringBuilder()).ToArray();
        var pick = Picks.Uniform(ids.Length);
        var run = Guid.CreateVersion7().ToString("N");
        return phase =>
            async (caller, i) =>
            {
                var (from, to) = pick(caller, i);
                var status = await connections[caller]
                    .PostAsync($"{name}-{run}-{phase}-{caller}-{i}", BankUnderTest.Transfer(texts[caller], ids[from], ids[to]));
                return status == 201 ? new(1, 0, 0)
                    : status is 422 or 409 ? new(0, 1, 0)
                    : new(0, 0, 1);
            };
    }

    private static Row Row(string name, int callers, string loop, Measured m, long lag, bool conserved) =>
        new(
            name,
            callers,
            loop,
            Math.Round(m.Accepted / m.Seconds),
            Math.Round(m.Refused / m.Seconds),
            m.Errors,
            m.P50Ms,
            m.P99Ms,
            m.MaxMs,
            0,
            0,
            0,
            0,
            lag,
            conserved);

    private static async Task UntilDeliveredAsync(NpgsqlDataSource source, string destination)
    {
        while (await LagAsync(source, destination) > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    private static async Task<long> LagAsync(NpgsqlDataSource source, string? destination = null)
    {
        await using var command = source.CreateCommand(
            "select greatest(0, coalesce(max((select max(seq_id) from bank.mt_events) - position), case when $1::text is null then 0 else 1 end)) "
                + "from publishing.lane where kind <> 'modules' and ($1::text is null or name = $1)");
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = destination });
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
