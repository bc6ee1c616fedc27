using System.Globalization;
using Banking.Consumer;
using Banking.Consumer.Sources;
using Banking.Testing;
using Banking.Testing.Brokers;

namespace Banking.Publishing.Tests.Faults;

/// <summary>
/// The delivery guarantee under faults: the host is killed several times and both brokers are down for a while. The bank accepts every
/// command, and consumers of Kafka and RabbitMQ lose no event, see none out of order and apply none twice.
/// </summary>
public sealed class KillsTests(ITestOutputHelper output)
{
    private const string Topic = "banking.events";

    /// <summary>Minimum of accepted transfers between two kills, so that each restarted host does some work before the next kill.</summary>
    private const int MinSpacing = 200;

    /// <summary>The mock keeps 5 MB of a partition and drops older records, read or not. With this many partitions the long profile stays
    /// far below that limit, even if a backlog is produced faster than it is read.</summary>
    private const int Partitions = 240;

    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(3);

    [Fact]
    public async Task Whatever_is_killed_every_event_arrives_in_order_and_counts_once()
    {
        Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");
        var profile = Profile.Chosen;
        output.WriteLine($"{profile}");
        await using var kafka = new KafkaMock();
        kafka.CreateTopic(Topic, Partitions);
        await using var rabbit = await RabbitServer.StartAsync();
        await using var bank = await KillableBank.StartAsync(
            $"--Banking:Publishing:Kafka:BootstrapServers={kafka.BootstrapServers}", "--Banking:Publishing:Kafka:CreateTopic=false",
            $"--Banking:Publishing:RabbitMq:Uri={rabbit.AmqpUri}");
        var accounts = await OpenAsync(bank);
        await rabbit.UntilRecordedAsync(Topic);
        await using var onKafka = new Listener("Kafka", new KafkaSource(kafka.BootstrapServers, Topic, "faults"));
        await using var onRabbit = new Listener("RabbitMQ", new RabbitSource(rabbit.AmqpUri, Topic));

        var payers = new Payers(bank, accounts, profile.Seed, profile.Events);
        var disturbing = DisturbAsync(profile, bank, kafka, rabbit, payers);
        await payers.RunAsync(() => disturbing.IsCompleted);
        await disturbing;

        var published = await bank.NumberAsync("select count(*) from bank.mt_events where type like 'accounts.%'");
        Assert.Equal(payers.Transfers * 2 + 2 * accounts.Count, published);
        Assert.True(published >= profile.Events);
        Assert.Equal(0, payers.RefusedWhileUp);
        using var @operator = await bank.OperatorAsync();
        foreach (var listener in (Listener[])[onKafka, onRabbit])
        {
            await Eventually.UntilAsync(() => Task.FromResult(listener.Applied), n => n >= published, Timeout);
            output.WriteLine(
                listener.Read(b =>
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{listener.Name}: {b.Received} received, {b.Applied} applied, {b.Duplicates} repeated, {b.Inversions} out of order"
                    )));
            Assert.Equal((published, 0L, 0L), listener.Read(b => (b.Applied, b.Inversions, b.Waiting)));
            Assert.Empty(listener.Read(b => b.Gaps.ToList()));
            var compared = await new Comparison(@operator).CompareAsync(listener.Book, CancellationToken.None);
            Assert.Equal(accounts.Count, compared.Count);
            Assert.All(compared, c => Assert.True(c.Verdict == Verdict.Equal, $"{c.Book} {c.Bank} {c.Published}"));
        }
    }

    /// <summary>
    /// Kills the host at seeded random moments of the work. Both brokers are stopped around the middle kill.
    /// </summary>
    private async Task DisturbAsync(Profile profile, KillableBank bank, KafkaMock kafka, RabbitServer rabbit, Payers payers)
    {
        var random = new Random(profile.Seed);
        var last = 0;
        for (var kill = 1; kill <= profile.Kills; kill++)
        {
            // A random moment in this kill's share of the work.
            var share = profile.Events / 2.0 / profile.Kills;
            var at = (int)((kill - 1 + (0.2 + (0.7 * random.NextDouble()))) * share);
            await Eventually.UntilAsync(() => Task.FromResult(payers.Transfers), n => n >= Math.Max(at, last + MinSpacing), Timeout);
            var withBrokers = kill == (profile.Kills + 1) / 2;
            if (withBrokers)
            {
                kafka.Down();
                await rabbit.KillAsync();
                output.WriteLine($"brokers down at {payers.Transfers} transfers");
                await Task.Delay(profile.BrokersDown / 2, TimeProvider.System);
            }

            await bank.KillAsync();
            await bank.StartAgainAsync();
            last = payers.Transfers;
            output.WriteLine($"kill {kill} at {last} transfers");
            if (withBrokers)
            {
                var before = payers.Transfers;
                await Task.Delay(profile.BrokersDown / 2, TimeProvider.System);
                // The bank accepts transfers while its brokers are down; a busy machine may need some time after the kill.
                await Eventually.UntilAsync(() => Task.FromResult(payers.Transfers), n => n > before, Timeout);
                kafka.Up();
                await rabbit.StartAgainAsync();
                output.WriteLine($"brokers up at {payers.Transfers} transfers");
            }
        }
    }

    private static async Task<IReadOnlyList<string>> OpenAsync(KillableBank bank)
    {
        var teller = await bank.TellerAsync();
        var customer = await teller.RegisterAsync();
        var accounts = new List<string>();
        foreach (var _ in Enumerable.Range(0, Profile.Accounts))
        {
            accounts.Add(await teller.OpenAsync(customer, balance: "1000.00"));
        }

        return accounts;
    }
}
