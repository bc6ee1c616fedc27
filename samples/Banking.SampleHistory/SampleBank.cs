using static Banking.SampleHistory.BankWords;

namespace Banking.SampleHistory;

/// <summary>A fictional bank, generated from one seed.</summary>
/// <param name="Lost">Booked rows that the files omit. Each causes a gap at the next row of its account.</param>
public sealed record SampleBank(
    IReadOnlyList<Client> Clients,
    IReadOnlyList<Account> Accounts,
    IReadOnlyList<Disposition> Dispositions,
    IReadOnlyList<StandingOrder> Orders,
    IReadOnlyList<Booking> Bookings,
    IReadOnlyList<Booking> Lost)
{
    public const ulong Seed = 1995;

    private const int AccountCount = 200;

    /// <summary>The number of accounts with an omitted row.</summary>
    private const int GapCount = 12;

    private static readonly DateOnly FirstDay = new(1995, 1, 1);
    private static readonly DateOnly LastDay = new(1997, 12, 31);

    public static SampleBank Create(ulong seed = Seed)
    {
        var random = new SeededRandom(seed);
        var accounts = Enumerable
            .Range(1, AccountCount)
            .Select(n => CreateAccount(n, random))
            .OrderBy(a => a.Opened)
            .ThenBy(a => a.Id)
            .ToList();
        var (clients, dispositions) = CreateClients(accounts, random);
        var orders = accounts.SelectMany(a => Enumerable.Range(0, random.Next(0, 2)).Select(_ => CreateOrder(a, random))).ToList();
        orders = [.. orders.Select((order, i) => order with { Id = 29_401 + (7 * i) })];

        var histories = new List<IReadOnlyList<Booking>>();
        foreach (var (n, account) in accounts.Index())
        {
            // One account in seventy has no bookings.
            var history = new AccountHistory(
                account, [.. orders.Where(o => o.Account == account.Id)], LastDay, exportsHellers: n % 4 == 0, random);
            histories.Add(n % 70 == 69 ? [] : history.Generate(endsBelowZero: n % 50 == 7));
        }

        var lost = histories
            .Where((history, n) => history.Count > 40 && n % 3 == 0)
            .Select(ChooseLost)
            .OfType<Booking>()
            .Take(GapCount)
            .ToHashSet();
        var numbered = Numbered([.. histories.SelectMany(story => story)], random, lost);
        return new(
            clients,
            accounts,
            dispositions,
            orders,
            [.. numbered.Where(row => !row.IsLost).Select(row => row.Row)],
            [.. numbered.Where(row => row.IsLost).Select(row => row.Row)]);
    }

    private static Account CreateAccount(int n, SeededRandom random) => new(
        (n * 13) + random.Next(0, 12),
        random.Next(1, 77),
        random.Pick(Frequencies),
        n <= 20 ? FirstDay.AddDays(random.Next(0, 6)) : FirstDay.AddDays(random.Next(0, 950)));

    private static (List<Client> Clients, List<Disposition> Dispositions) CreateClients(List<Account> accounts, SeededRandom random)
    {
        var (clients, dispositions) = (new List<Client>(), new List<Disposition>());
        foreach (var account in accounts.OrderBy(a => a.Id))
        {
            // Some clients own two accounts.
            Add(account, clients.Count > 0 && random.Chance(5) ? clients[^1] : AddClient(), "OWNER");
            for (var n = random.Chance(22) ? random.Next(1, 2) : 0; n > 0; n--)
            {
                Add(account, AddClient(), "DISPONENT");
            }
        }

        // One client has no account.
        AddClient();
        return (clients, dispositions);

        Client AddClient()
        {
            var born = new DateOnly(1920, 1, 1).AddDays(random.Next(0, 20_000));
            var month = born.Month + (random.Chance(50) ? 50 : 0);
            clients.Add(new((clients.Count * 17) + 2, $"{born.Year % 100:00}{month:00}{born.Day:00}", random.Next(1, 77)));
            return clients[^1];
        }

        void Add(Account account, Client client, string type) =>
            dispositions.Add(new((dispositions.Count * 11) + 3, client.Id, account.Id, type));
    }

    private static StandingOrder CreateOrder(Account account, SeededRandom random) =>
        new(
            0,
            account.Id,
            random.Pick(Banks),
            random.Next(10_000_000, 99_999_999).ToString("D", null),
            10L * random.Next(3_000, 70_000),
            random.Pick(OrderPurposes));

    /// <summary>Chooses the only row of a day before a day with one row, so that the order of the remaining rows is unambiguous.</summary>
    private static Booking? ChooseLost(IReadOnlyList<Booking> history)
    {
        var days = history.GroupBy(row => row.Date).Select(day => day.ToList()).ToList();
        return Enumerable.Range(days.Count / 2, days.Count / 2)
            .Where(i => i + 1 < days.Count && days[i].Count == 1 && days[i + 1].Count == 1 && days[i][0].Amount > 1_000)
            .Select(i => days[i][0]).FirstOrDefault();
    }

    /// <summary>Orders rows by date, and randomly within a day, so that neither ids nor positions give the booking order.</summary>
    private static List<(Booking Row, bool IsLost)> Numbered(Booking[] rows, SeededRandom random, HashSet<Booking> lost)
    {
        var numbers = Enumerable.Range(0, rows.Length).Select(i => 1_000 + (3 * i)).ToArray();
        random.Shuffle(numbers.AsSpan());
        random.Shuffle(rows.AsSpan());
        return [.. rows.Select((row, i) => (Row: row with { Id = numbers[i] }, IsLost: lost.Contains(row))).OrderBy(row => row.Row.Date)];
    }
}
