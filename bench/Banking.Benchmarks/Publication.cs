using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Banking.EmbeddedPostgres;
using Banking.Testing.Brokers;
using Confluent.Kafka;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>
/// Measures the cost of publication for commands, the latency from commit to broker, and how fast a backlog drains. Kafka is librdkafka's
/// mock in this process, over TCP; RabbitMQ is a real server on this machine. Both use part of the machine's processors.
/// </summary>
internal sealed class Publication(Options options, PostgresCluster cluster, RunResults results)
{
    public const string Name = "publication";

    private const string Topic = "banking.events";
    private const int Callers = 256;
    private const int Partitions = 12;
    private const int Backlog = 40_000;

    private readonly string[] _off = ["--Banking:Publishing:Kafka:BootstrapServers="];

    public async Task RunAsync(long balance)
    {
        if (!options.Includes(Name))
        {
            return;
        }

        await using var source = await cluster.CreateSourceAsync("published", pool: 100);
        var connectionString = cluster.ConnectionString("published");
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

        var rate = await CompareAsync(connectionString, on, ids, source, ids.Length * balance);
        using (var bank = await BankUnderTest.OursAsync(connectionString, on))
        {
            await MeasureLatencyAsync(bank, ids, source, kafka, rate / 5);
            await DrainAsync(bank, ids, source, "kafka");
        }

        await DrainRabbitAsync(connectionString, ids, source);
    }

    /// <summary>
    /// Measures commands with and without publication, twice each: the speed of the machine changes over time, and a growing bank becomes
    /// slower, so the runs without publication enclose those with it.
    /// </summary>
    /// <returns>Transfers per second with publication.</returns>
    private async Task<double> CompareAsync(string connectionString, string[] on, string[] ids, NpgsqlDataSource source, long conserved)
    {
        var rates = new Dictionary<bool, List<double>> { [false] = [], [true] = [] };
        foreach (var publishes in (bool[])[false, true, true, false])
        {
            using var bank = await BankUnderTest.OursAsync(connectionString, publishes ? on : _off);
            rates[publishes].Add(await MeasureCommandsAsync(bank, ids, source, publishes, conserved));
        }

        var (with, without) = (rates[true].Average(), rates[false].Average());
        await results.PrintAsync($"publication     commands with publication {with / without:0.00} x without");
        return with;
    }

    private async Task<double> MeasureCommandsAsync(
        BankUnderTest bank, string[] ids, NpgsqlDataSource source, bool publishes, long conserved)
    {
        var send = await CreateSenderAsync(bank, ids, publishes ? "on" : "off");
        await Load.ClosedAsync(Callers, options.WarmUp, send("w"));
        var measured = await Load.ClosedAsync(Callers, TimeSpan.FromSeconds(options.Seconds), send("m"));
        var lag = await ReadLagAsync(source);
        var row = Row.From(publishes ? "publication-on" : "publication-off", Callers, "closed", measured) with
        {
            OutboxLagEvents = lag,
            Conserved = await BankUnderTest.ConservedAsync(source, conserved),
        };
        results.Add(row);
        await results.PrintAsync(
            $"{row.Name,-15} {row.Callers,4} closed {row.AcceptedPerSecond,8:N0}/s  errors {row.Errors}  p50 {row.P50Ms,7:0.00}  ",
            $"p99 {row.P99Ms,7:0.00} ms  behind at the end {lag:N0} positions  conserved {row.Conserved}");
        return measured.Accepted / measured.Seconds;
    }

    /// <summary>
    /// Measures the time from the event's recorded time to its arrival at an independent consumer, at a fifth of the bank's full rate.
    /// </summary>
    private async Task MeasureLatencyAsync(BankUnderTest bank, string[] ids, NpgsqlDataSource source, KafkaMock kafka, double rate)
    {
        var send = await CreateSenderAsync(bank, ids, "calm");
        await Load.OpenAsync(Callers, rate, options.WarmUp, send("w"));
        await WaitUntilDeliveredAsync(source, "kafka");
        using var stop = new CancellationTokenSource();
        var latencies = new Latencies();
        var reading = Task.Run(() => Consume(kafka.BootstrapServers, latencies, stop.Token), CancellationToken.None);
        var measured = await Load.OpenAsync(Callers, rate, TimeSpan.FromSeconds(options.Seconds), send("m"));
        await WaitUntilDeliveredAsync(source, "kafka");
        await Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System);
        await stop.CancelAsync();
        var count = await reading;
        var (p50, p99, max) = Latencies.Summarize([latencies]);
        results.Add(Row.From("publication-calm", Callers, "open", measured) with { P50Ms = p50, P99Ms = p99, MaxMs = max });
        await results.PrintAsync(
            $"publication-calm  {rate:N0} transfers/s: {count:N0} events consumed, ",
            $"p50 {p50:0} p99 {p99:0} max {max:0} ms from recorded to the consumer");
    }

    private static long Consume(string bootstrap, Latencies latencies, CancellationToken ct)
    {
        using var consumer = new ConsumerBuilder<Ignore, byte[]>(
            new ConsumerConfig
            {
                BootstrapServers = bootstrap,
                GroupId = "latency",
                AutoOffsetReset = AutoOffsetReset.Latest,
            }).SetLogHandler((_, _) => { }).Build();
        // Assign partitions directly: joining a consumer group takes seconds, and events of that time would appear late.
        consumer.Assign(Enumerable.Range(0, Partitions).Select(p => new TopicPartitionOffset(Topic, p, Offset.End)));
        var count = 0L;
        while (!ct.IsCancellationRequested)
        {
            if (consumer.Consume(TimeSpan.FromMilliseconds(100)) is { } message)
            {
                using var json = JsonDocument.Parse(message.Message.Value);
                var latency = TimeProvider.System.GetUtcNow() - json.RootElement.GetProperty("time").GetDateTimeOffset();
                latencies.Add((long)(latency.TotalSeconds * Stopwatch.Frequency));
                count++;
            }
        }

        return count;
    }

    private async Task DrainRabbitAsync(string connectionString, string[] ids, NpgsqlDataSource source)
    {
        if (RabbitServer.Missing is { } reason)
        {
            await results.PrintAsync($"publication     RabbitMQ skipped: {reason}");
            return;
        }

        await using var rabbit = await RabbitServer.StartAsync();
        using var bank = await BankUnderTest.OursAsync(
            connectionString, $"--Banking:Publishing:RabbitMq:Uri={rabbit.AmqpUri}", "--Banking:Publishing:RabbitMq:From=now");
        await DrainAsync(bank, ids, source, "rabbitmq");
    }

    /// <summary>
    /// Pauses the destination until there is a backlog, resumes it, and measures how fast the backlog drains without other load.
    /// </summary>
    private async Task DrainAsync(BankUnderTest bank, string[] ids, NpgsqlDataSource source, string destination)
    {
        using var operations = await bank.ClientAsync("operator");
        await WaitUntilDeliveredAsync(source, destination);
        var reason = new { reasonCode = "benchmark", reason = "How fast does a backlog drain?" };
        (await operations.PostAsJsonAsync($"/ops/outbox/{destination}/hold", reason)).EnsureSuccessStatusCode();
        using (var load = await BatchLoad.ConnectAsync(bank, 100, 16, ids, Picks.Uniform(options.Accounts)))
        {
            for (var (i, sum) = (0, 0L); sum < Backlog; i++)
            {
                sum += (await load.RunAsync($"{destination}-{i}", TimeSpan.FromSeconds(2))).Accepted;
            }
        }

        var backlog = await ReadLagAsync(source, destination);
        var clock = Stopwatch.StartNew();
        (await operations.PostAsJsonAsync($"/ops/outbox/{destination}/release", reason)).EnsureSuccessStatusCode();
        await WaitUntilDeliveredAsync(source, destination);
        var seconds = clock.Elapsed.TotalSeconds;
        results.Add(new("publication-drain-" + destination, 1, "drain", Math.Round(backlog / seconds), 0, 0, 0, 0, seconds * 1000));
        await results.PrintAsync(
            $"publication-drain {destination}: {backlog:N0} events in {seconds:0.0} s, {backlog / seconds:N0} events/s");
    }

    /// <returns>A function that creates the sender of a phase.</returns>
    private static async Task<Func<string, Func<int, long, Task<Counted>>>> CreateSenderAsync(BankUnderTest bank, string[] ids, string name)
    {
        var connections = await bank.ConnectAsync(Callers, "/v1/transfers");
        var pick = Picks.Uniform(ids.Length);
        var run = Guid.CreateVersion7().ToString("N");
        return phase => SingleTransfers.Sender(connections, pick, ids, $"{name}-{run}-{phase}");
    }

    private static async Task WaitUntilDeliveredAsync(NpgsqlDataSource source, string destination)
    {
        while (await ReadLagAsync(source, destination) > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }
    }

    private static async Task<long> ReadLagAsync(NpgsqlDataSource source, string? destination = null)
    {
        await using var command = source.CreateCommand(
            """
            select greatest(0, coalesce(
                max((select max(seq_id) from bank.mt_events) - position), case when $1::text is null then 0 else 1 end))
            from publishing.publisher where kind <> 'modules' and ($1::text is null or name = $1)
            """);
        command.Parameters.Add(new NpgsqlParameter<string?> { TypedValue = destination });
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
