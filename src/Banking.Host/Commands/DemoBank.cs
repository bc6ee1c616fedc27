using System.Text.Json;
using Banking.Accounts;
using Banking.Accounts.Contracts;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.Customers.Contracts;
using Banking.SharedKernel;
using Wolverine;

namespace Banking.Host.Commands;

/// <summary>
/// A small bank for trying out the API, created through the public commands. Every command has a fixed key, so a second start changes
/// nothing.
/// </summary>
internal static class DemoBank
{
    /// <summary>Ada's salary is paid twice at this instant.</summary>
    public static readonly DateTimeOffset Tuesday = new(2026, 1, 6, 15, 0, 0, TimeSpan.Zero);

    public static readonly AccountNumber Ada = Number(1);
    public static readonly AccountNumber Ben = Number(2);

    /// <summary>The demo history may lie ten years in the past.</summary>
    private const string BackdatingDays = "3650";

    private static readonly DateTimeOffset Opened = new(2026, 1, 2, 9, 0, 0, TimeSpan.Zero);

    /// <summary>The demo history is older than staff may backdate. A setting of the user keeps precedence.</summary>
    public static void AllowBackdating(IConfiguration configuration) =>
        configuration[AccountsModule.BackdatingSetting] ??= BackdatingDays;

    public static async Task<string> EnsureCreatedAsync(IServiceProvider services)
    {
        try
        {
            return await CreateAsync(services);
        }
        catch (CommandRejectedException rejected) when (rejected.Code == "idempotency_key_reused")
        {
            return "as an earlier version of this program created it";
        }
    }

    private static async Task<string> CreateAsync(IServiceProvider services)
    {
        await using var scope = services.CreateAsyncScope();
        var bus = scope.ServiceProvider.GetRequiredService<IMessageBus>();
        (string Name, string Email)[] people =
        [
            ("Ada Lovelace", "ada@example.org"), ("Ben Okafor", "ben@example.org"), ("Chiyo Tanaka", "chiyo@example.org"),
            ("Dalal Al-Sabah", "dalal@example.org"), ("Eva Novak", "eva@example.org"),
        ];
        var customers = new List<string>();
        foreach (var (name, email) in people)
        {
            var register = new RegisterCustomer($"demo-customer-{customers.Count + 1}", name, email);
            customers.Add(ReadId(await bus.InvokeAsync<Outcome>(register)));
        }

        await OpenAccountAsync(bus, 1, customers[0], "EUR", "500.00");
        await OpenAccountAsync(bus, 2, customers[1], "EUR", "0.00");
        await OpenAccountAsync(bus, 3, customers[2], "JPY", "0");
        await OpenAccountAsync(bus, 4, customers[3], "KWD", "0.000");
        await OpenAccountAsync(bus, 5, customers[4], "USD", "100.00");
        await OpenAccountAsync(bus, 6, customers[0], "USD", "0.00");

        await DepositAsync(bus, "salary", 1, "2400.00", "EUR", Tuesday, "salary");
        await DepositAsync(bus, "salary-again", 1, "2400.00", "EUR", Tuesday, "salary, paid a second time by mistake");
        await DepositAsync(bus, "ben", 2, "810.40", "EUR", Opened.AddDays(1), "opening balance");
        await DepositAsync(bus, "chiyo", 3, "150000", "JPY", Opened.AddDays(1), "opening balance");
        await DepositAsync(bus, "dalal", 4, "1234.567", "KWD", Opened.AddDays(2), "opening balance");
        await DepositAsync(bus, "eva", 5, "99.99", "USD", Opened.AddDays(3), "opening balance");
        await DepositAsync(bus, "ada-usd", 6, "40.00", "USD", Opened.AddDays(3), "travel money");
        await bus.InvokeAsync<Outcome>(new TransferMoney(
            "demo-rent", Ada.Value, Ben.Value, Amount("950.00", "EUR"), Tuesday.AddDays(1), "RENT-01", "rent"));
        await bus.InvokeAsync<Outcome>(new WithdrawMoney(
            "demo-cash", Ada.Value, Amount("80.00", "EUR"), BankSide.Cash, Tuesday.AddDays(2), null, "cash machine"));
        return $"{customers.Count} customers, 6 accounts (EUR USD JPY KWD); Ada was paid twice on Tuesday, 6 January 2026, 15:00 UTC";
    }

    private static async Task OpenAccountAsync(IMessageBus bus, int number, string customer, string currency, string limit) =>
        ReadId(
            await bus.InvokeAsync<Outcome>(
                new OpenAccount(
                    $"demo-open-{number}",
                    customer,
                    Currency.Parse(currency),
                    "current",
                    Amount(limit, currency),
                    Number(number),
                    Opened,
                    "demo")));

    private static async Task DepositAsync(
        IMessageBus bus, string key, int number, string value, string currency, DateTimeOffset effectiveAt, string reason) =>
        ReadId(await bus.InvokeAsync<Outcome>(new DepositMoney(
            "demo-" + key, Number(number).Value, Amount(value, currency), BankSide.Settlement, effectiveAt, null, reason)));

    /// <summary>Reads the id of an accepted answer. A refusal is a bug of the demo.</summary>
    private static string ReadId(Outcome outcome)
    {
        if (outcome.IsProblem)
        {
            throw new InvalidOperationException("The demo bank could not be created: " + outcome.Body);
        }

        using var body = JsonDocument.Parse(outcome.Body);
        return body.RootElement.GetProperty("id").GetString()!;
    }

    private static Money Amount(string value, string currency) =>
        Money.TryParse(value, Currency.Parse(currency), out var money, out var error)
            ? money
            : throw new FormatException($"{value} {currency}: {error}");

    private static AccountNumber Number(int number) => AccountNumber.Create("XB", $"DEMO{number:D12}");
}
