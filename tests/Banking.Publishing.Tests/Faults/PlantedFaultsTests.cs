using System.Globalization;
using Banking.Consumer;
using Banking.Publishing.Publishers;
using Banking.Publishing.RabbitMq;
using Banking.Testing;
using Banking.Testing.Brokers;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Publishing.Tests.Faults;

/// <summary>
/// Proves that the checks for delivery detect faults: they find none in the unchanged bank and find each planted fault. In every case the
/// network to a real RabbitMQ drops data, breaks connections and loses publisher confirms.
/// </summary>
public sealed class PlantedFaultsTests(ITestOutputHelper output, SharedRabbit rabbit) : IClassFixture<SharedRabbit>
{
    private const int Seed = 20261128;
    private const int Accounts = 4;
    private const int Batch = 100;

    private readonly Random _random = new(Seed);

    [Theory]
    [InlineData(Plant.None, "")]
    [InlineData(Plant.ConfirmsOff, "lost")]
    [InlineData(Plant.OutsideTheOutbox, "lost")]
    [InlineData(Plant.UnorderedRecovery, "out of order")]
    [InlineData(Plant.DeduplicationOff, "effects doubled")]
    public async Task A_planted_mistake_is_found_and_without_one_there_is_nothing_to_find(Plant plant, string found)
    {
        Assert.SkipWhen(RabbitServer.Missing is not null, RabbitServer.Missing ?? "");
        output.WriteLine($"seed {Seed}");
        await using var network = new TcpProxy(rabbit.Server!.Port);
        var settings = new RabbitSettings
        {
            Uri = RabbitServer.UriOf(network.Port).ToString(),
            Exchange = $"plant-{plant}",
            Queues = new Dictionary<string, string> { [$"plant-{plant}"] = "#" },
        };
        await using var bank = new PlantedBank(new(plant, settings, Seed));
        await bank.InitializeAsync();

        await DisturbAsync(bank, network);

        var (published, verdict) = (await PublishedAsync(bank), await ReadAsync(bank, plant, settings.Exchange));
        output.WriteLine($"{published} published: {verdict}");
        Assert.Equal(found, verdict.Problem(published));
    }

    /// <summary>Makes payments while the network works, drops all data, breaks connections, and loses publisher confirms.</summary>
    private async Task DisturbAsync(PlantedBank bank, TcpProxy network)
    {
        var teller = bank.As("teller");
        var accounts = new List<string>();
        for (var i = 0; i < Accounts; i++)
        {
            accounts.Add(await teller.OpenAsync(balance: "1000.00"));
        }

        await PayAsync(teller, accounts);
        await ArrivedAsync(bank);

        network.BlackHole();
        await PayAsync(teller, accounts);
        await UntilSentAsync(bank);
        network.Reset();
        await PayAsync(teller, accounts);
        network.Open();
        await ArrivedAsync(bank);

        for (var i = 0; i < 3; i++)
        {
            var cut = network.CloseAfterResponseBytes(_random.Next(60));
            await PayAsync(teller, accounts);
            await Task.WhenAny(cut, Task.Delay(TimeSpan.FromSeconds(2), TimeProvider.System));
            await ArrivedAsync(bank);
        }

        await PayAsync(teller, accounts);
        await ArrivedAsync(bank);
    }

    private async Task PayAsync(BankClient teller, List<string> accounts)
    {
        var items = Enumerable
            .Range(0, Batch)
            .Select(_ =>
            {
                var from = _random.Next(Accounts);
                return new
                {
                    idempotencyKey = BankClient.NewKey(),
                    command = new
                    {
                        fromAccountId = accounts[from],
                        toAccountId = accounts[(from + 1) % Accounts],
                        amount = new { value = "0.01", currency = "EUR" },
                        reason = "test",
                    },
                };
            })
            .ToArray();
        Assert.Equal(
            Batch,
            (await teller.PostAsync("/v1/transfers/batch", new { mode = "independent", items }))
                .Ok()
                .Json.GetProperty("accepted")
                .GetInt32());
    }

    /// <summary>Waits until the publisher's checkpoint has reached the end of the log.</summary>
    private static Task<long> ArrivedAsync(PlantedBank bank) => Eventually.UntilAsync(() => BacklogAsync(bank), backlog => backlog == 0);

    /// <summary>
    /// Waits until the publisher has sent events that cannot arrive. It has either recorded them as delivered, or still waits for confirms
    /// after one second.
    /// </summary>
    private static async Task UntilSentAsync(PlantedBank bank)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        while (!timeout.IsCancellationRequested && await BacklogAsync(bank) > 0)
        {
            await Task.Yield();
        }
    }

    private static async Task<long> BacklogAsync(PlantedBank bank) =>
        (
            await bank.QueryAsync<long>(
                "select (select max(seq_id) from bank.mt_events) "
                    + "- coalesce((select position from publishing.publisher where name = $1), 0)",
                PlantedSource.Name))[0];

    private static async Task<long> PublishedAsync(PlantedBank bank) =>
        (await bank.QueryAsync<long>("select count(*) from bank.mt_events where type like 'accounts.%'"))[0];

    /// <summary>Reads the whole queue in order, and checks what the reference consumer finds.</summary>
    private async Task<Findings> ReadAsync(PlantedBank bank, Plant plant, string queue)
    {
        using var stop = new CancellationTokenSource();
        var (book, sums) = (new Book(), new Dictionary<string, decimal>());
        var source = new Banking.Consumer.Sources.RabbitSource(rabbit.Server!.AmqpUri, queue)
            .ReadAsync(stop.Token)
            .GetAsyncEnumerator(stop.Token);
        while (true)
        {
            var next = source.MoveNextAsync().AsTask();
            if (await Task.WhenAny(next, Task.Delay(TimeSpan.FromSeconds(1), TimeProvider.System)) != next)
            {
                await stop.CancelAsync();
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
                break;
            }

            Assert.True(await next);
            var e = BankEvent.Read(source.Current.Body);
            var arrival = book.Take(e);
            if (e.Position is { } place && (arrival != Arrival.Duplicate || plant == Plant.DeduplicationOff))
            {
                sums[place.Account] = sums.GetValueOrDefault(place.Account) + (e.Effect?.Value ?? 0);
            }

            await source.Current.AcknowledgeAsync();
        }

        await source.DisposeAsync();
        var doubled = 0;
        foreach (var (account, sum) in sums)
        {
            var balance = decimal.Parse(await bank.As("teller").BalanceAsync(account), CultureInfo.InvariantCulture);
            doubled += sum == balance ? 0 : 1;
        }

        return new(book.Received, book.Applied, book.Duplicates, book.Inversions, doubled);
    }

    private sealed record Findings(long Received, long Applied, long Duplicates, long Inversions, int Differing)
    {
        public string Problem(long published) =>
            Applied < published ? "lost"
            : Inversions > 0 ? "out of order"
            : Differing > 0 ? "effects doubled"
            : "";
    }

    private sealed class PlantedBank(PlantedSource source) : BankFixture
    {
        protected override void Configure(IServiceCollection services) => services.AddSingleton<IDestinationSource>(source);
    }
}

/// <summary>One broker for all tests of a class; null if RabbitMQ is not installed on this machine.</summary>
public sealed class SharedRabbit : IAsyncLifetime
{
    public RabbitServer? Server { get; private set; }

    public async ValueTask InitializeAsync() => Server = RabbitServer.Missing is null ? await RabbitServer.StartAsync() : null;

    public ValueTask DisposeAsync() => Server?.DisposeAsync() ?? default;
}
