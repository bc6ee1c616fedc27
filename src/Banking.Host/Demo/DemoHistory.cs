using Banking.Accounts.Contracts;
using Banking.SharedKernel;

namespace Banking.Host.Demo;

/// <summary>A command of the demo history and the time at which the bank receives it.</summary>
internal sealed record DemoStep(DateTimeOffset At, object Command);

/// <summary>
/// Ten months of a small bank. The times and keys are fixed, so a second run changes nothing and the README can name instants.
/// </summary>
internal static class DemoHistory
{
    /// <summary>Ada's salary is paid twice at this instant.</summary>
    public static readonly DateTimeOffset Tuesday = On(1, 6, 15);

    /// <summary>Cash that was paid in on 9 March, and that the bank learns of only now.</summary>
    public static readonly DateTimeOffset LateCashKnown = On(3, 20, 16);

    /// <summary>After the last command.</summary>
    public static readonly DateTimeOffset End = On(11, 1, 0);

    public static readonly IReadOnlyList<(string Name, string Email)> People =
    [
        ("Ada Lovelace", "ada@example.org"), ("Ben Okafor", "ben@example.org"), ("Chiyo Tanaka", "chiyo@example.org"),
        ("Dalal Al-Sabah", "dalal@example.org"), ("Eva Novak", "eva@example.org"),
    ];

    private static readonly DateTimeOffset LateCashPaidIn = On(3, 9, 10);

    /// <param name="customers">The ids of <see cref="People"/>, in their order.</param>
    public static IEnumerable<DemoStep> Create(IReadOnlyList<string> customers) =>
        Openings(customers).Concat(FirstWeek()).Concat(Months()).Concat(Exceptions()).OrderBy(s => s.At);

    /// <summary>When a person is registered.</summary>
    public static readonly DateTimeOffset Opened = On(1, 2, 9);

    public static AccountNumber Number(int account) => AccountNumber.Create("XB", $"DEMO{account:D12}");

    private static IEnumerable<DemoStep> Openings(IReadOnlyList<string> customers)
    {
        (int Customer, string Currency, string Limit)[] accounts =
            [(0, "EUR", "500.00"), (1, "EUR", "0.00"), (2, "JPY", "0"), (3, "KWD", "0.000"), (4, "USD", "100.00"), (0, "USD", "0.00")];
        return accounts.Select((account, i) => new DemoStep(
            Opened.AddMinutes(i + 1),
            new OpenAccount(
                $"demo-open-{i + 1}", customers[account.Customer], Currency.Parse(account.Currency), "current",
                Amount(account.Limit, account.Currency), Number(i + 1), Reason: "new customer")));
    }

    private static IEnumerable<DemoStep> FirstWeek() =>
    [
        Deposit("ben", 2, "810.40", "EUR", On(1, 3, 9), "opening balance"),
        Deposit("chiyo", 3, "150000", "JPY", On(1, 3, 10), "opening balance"),
        Deposit("dalal", 4, "1234.567", "KWD", On(1, 4, 9), "opening balance"),
        Deposit("eva", 5, "99.99", "USD", On(1, 5, 9), "opening balance"),
        Deposit("ada-usd", 6, "40.00", "USD", On(1, 5, 10), "travel money"),
        Deposit("salary", 1, "2400.00", "EUR", Tuesday, "salary"),
        Deposit("salary-again", 1, "2400.00", "EUR", Tuesday, "salary, paid a second time by mistake") with { At = Tuesday.AddMinutes(2) },
        Rent(1, On(1, 7, 15)),
        Cash("cash", "80.00", On(1, 8, 15), "cash machine"),
    ];

    private static IEnumerable<DemoStep> Months() =>
        from month in Enumerable.Range(2, 9)
        from step in (DemoStep[])
        [
            Deposit($"salary-{month}", 1, "2400.00", "EUR", On(month, 1, 8), "salary"),
            Rent(month, On(month, 2, 9)),
            Cash($"groceries-{month}", "310.25", On(month, 15, 17), "groceries"),
        ]
        select step;

    private static IEnumerable<DemoStep> Exceptions() =>
    [
        Deposit("late-cash", 1, "150.00", "EUR", LateCashPaidIn, "cash from the night safe, counted late") with { At = LateCashKnown },
        new(On(4, 14, 11), new WithdrawMoney(
            "demo-car", Number(2).Value, Amount("5000.00", "EUR"), BankSide.Settlement, null, null, "a used car")),
        new(On(5, 5, 12), new FreezeAccount(
            "demo-freeze", Number(5).Value, FreezeScope.Debit, "card-stolen", "The customer reported the card stolen.")),
        new(On(5, 6, 20), new WithdrawMoney(
            "demo-thief", Number(5).Value, Amount("60.00", "USD"), BankSide.Cash, null, null, "cash machine")),
        // The cash of 9 March was counted between the two, so the second restates the week.
        Statement("demo-week", On(3, 16, 9)),
        Statement("demo-week-again", LateCashKnown.AddDays(1)),
    ];

    private static DemoStep Deposit(string key, int account, string value, string currency, DateTimeOffset at, string reason) =>
        new(at, new DepositMoney("demo-" + key, Number(account).Value, Amount(value, currency), BankSide.Settlement, at, null, reason));

    private static DemoStep Rent(int month, DateTimeOffset at) =>
        new(at, new TransferMoney(
            $"demo-rent-{month}", Number(1).Value, Number(2).Value, Amount("950.00", "EUR"), at, $"RENT-{month:D2}", "rent"));

    private static DemoStep Cash(string key, string value, DateTimeOffset at, string reason) =>
        new(at, new WithdrawMoney("demo-" + key, Number(1).Value, Amount(value, "EUR"), BankSide.Cash, at, null, reason));

    /// <summary>A statement of Ada's week of 9 March.</summary>
    private static DemoStep Statement(string key, DateTimeOffset at) =>
        new(at, new IssueStatement(key, Number(1).Value, new(2026, 3, 9), new(2026, 3, 16)));

    private static Money Amount(string value, string currency) =>
        Money.TryParse(value, Currency.Parse(currency), out var money, out var error)
            ? money
            : throw new FormatException($"{value} {currency}: {error}");

    private static DateTimeOffset On(int month, int day, int hour) => new(2026, month, day, hour, 0, 0, TimeSpan.Zero);
}
