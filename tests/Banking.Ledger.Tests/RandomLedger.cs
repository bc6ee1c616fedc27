using System.Globalization;
using System.Net;
using Banking.Accounts.Contracts;
using Banking.Commands.Receipts;
using Banking.Customers.Contracts;
using Banking.Ledger.ReadModels;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Wolverine;

namespace Banking.Ledger.Tests;

/// <summary>
/// A bank with some weeks of random commands: three currencies, every bank side, transfers, and many backdated movements. The random seed
/// is printed and can be set (<c>BANKING_SEED</c>).
/// </summary>
public sealed class RandomLedger : BankFixture, IAsyncLifetime
{
    private const int Steps = 500;

    /// <summary>Positions of a chunk: a day of recording has several chunks, and some chunks have parts of two days.</summary>
    public const int ChunkPositions = 7;

    /// <summary>The earliest time that a command accepts.</summary>
    private static readonly DateTimeOffset Earliest = new(1900, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly Currency[] Currencies = [Currency.Parse("EUR"), Currency.Parse("JPY"), Currency.Parse("KWD")];

    private readonly List<(string Id, Currency Currency)> _accounts = [];

    public int Seed { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("BANKING_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var seed)
            ? seed
            : 20_261_117;

    /// <summary>Every line of every entry, computed from the events without any code of the module.</summary>
    public IReadOnlyList<Line> Lines { get; private set; } = [];

    /// <summary>The position of the last write.</summary>
    public string Position { get; private set; } = "";

    public BankClient Auditor => As("auditor");

    /// <summary>Allows backdating to the earliest day.</summary>
    protected override string[] Settings => [.. base.Settings, "--Banking:BackdatingDays", "1000000"];

    protected override void Configure(IServiceCollection services) =>
        services.Replace(ServiceDescriptor.Singleton(new LedgerModel(ChunkPositions)));

    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        await RunCommandsAsync(new(Seed));
        Lines = await LinesAsync();
        (await Auditor.GetCurrentAsync("/v1/ledger/accounts", Position)).Ok();
    }

    /// <summary>A random instant to query: that of an entry, right before it, or any.</summary>
    public DateTimeOffset Instant(Random random)
    {
        var line = Lines[random.Next(Lines.Count)].RecordedAt;
        return random.Next(4) switch
        {
            0 => line,
            1 => line.AddMicroseconds(-1),
            2 => new(line.UtcDateTime.Date, TimeSpan.Zero),
            _ => line.AddSeconds(random.Next(-200_000, 1)),
        };
    }

    /// <summary>
    /// A random day to query: one with entries, or the day before or after it.
    /// </summary>
    public DateOnly Day(Random random)
    {
        var day = Lines[random.Next(Lines.Count)].EffectiveOn.DayNumber + random.Next(3) - 1;
        return DateOnly.FromDayNumber(Math.Max(day, 0));
    }

    private async Task RunCommandsAsync(Random random)
    {
        var customer = Id(await InvokeAsync(new RegisterCustomer(BankClient.NewKey(), "Ada")));
        foreach (var currency in Currencies.SelectMany(c => Enumerable.Repeat(c, 4)))
        {
            _accounts.Add((Id(await InvokeAsync(new OpenAccount(
                BankClient.NewKey(), customer, currency, "current", new(50_000, currency), EffectiveAt: Earliest))), currency));
        }

        for (var i = 0; i < Steps; i++)
        {
            // Some commands share a microsecond; some steps cross midnight.
            Clock.Advance(
                random.Next(4) switch
                {
                    0 => TimeSpan.Zero,
                    1 => TimeSpan.FromMicroseconds(random.Next(3)),
                    _ => TimeSpan.FromMinutes(random.Next(400)),
                });
            var (account, currency) = _accounts[random.Next(_accounts.Count)];
            var (other, _) = _accounts.Where(a => a.Currency == currency && a.Id != account).ElementAt(random.Next(3));
            var (amount, side) = (new Money(random.Next(1, 20_000), currency), (BankSide)random.Next(5));
            var effectiveAt = random.Next(3) == 0 ? Clock.Now.AddHours(-random.Next(1_000)) : (DateTimeOffset?)null;
            await InvokeAsync(random.Next(3) switch
            {
                0 => new DepositMoney(BankClient.NewKey(), account, amount, side, effectiveAt, Reason: "test"),
                1 => new WithdrawMoney(BankClient.NewKey(), account, amount, side, effectiveAt, Reason: "test"),
                _ => new TransferMoney(BankClient.NewKey(), account, other, amount, effectiveAt, Reason: "test"),
            });
        }

        // A deposit on the earliest day, which every sum must include.
        await InvokeAsync(
            new DepositMoney(BankClient.NewKey(), _accounts[0].Id, new(7, Currencies[0]), BankSide.Fees, Earliest, Reason: "test"));
        Clock.Advance(TimeSpan.FromMinutes(1));
    }

    private async Task<CommandReply> InvokeAsync(object command)
    {
        await using var scope = Host.Services.CreateAsyncScope();
        var reply = await scope.ServiceProvider.GetRequiredService<IMessageBus>().InvokeAsync<CommandReply>(command);
        Position = reply.Position?.ToString(CultureInfo.InvariantCulture) ?? Position;
        return reply;
    }

    private static string Id(CommandReply reply) => new Answer((HttpStatusCode)reply.Status, reply.Body, new Dictionary<string, string>())
        .Created().Text("id");

    private async Task<IReadOnlyList<Line>> LinesAsync()
    {
        await using var session = Store.QuerySession();
        var lines = new List<Line>();
        foreach (var e in await Marten.QueryableExtensions.ToListAsync(session.Events.QueryAllRawEvents()))
        {
            if (e.Data is IMovement movement)
            {
                var other = movement.BankSide?.ToString().ToLowerInvariant() ?? "transfers-in-transit";
                var isCredit = movement.Direction == Direction.Credit;
                foreach (var (account, isDebit) in new[] { ("customer-deposits", !isCredit), (other, isCredit) })
                {
                    lines.Add(new(
                        e.Sequence, account, movement.Amount.Currency.Code, isDebit, movement.Amount.Minor,
                        DateOnly.FromDateTime(movement.EffectiveAt.UtcDateTime), e.Timestamp));
                }
            }
        }

        return lines;
    }
}

/// <summary>One line of an entry.</summary>
public sealed record Line(
    long Position, string Account, string Currency, bool IsDebit, long Minor, DateOnly EffectiveOn, DateTimeOffset RecordedAt);
