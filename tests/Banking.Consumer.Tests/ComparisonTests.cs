using System.Text.Json;

namespace Banking.Consumer.Tests;

public sealed class ComparisonTests : IDisposable
{
    private readonly FakeBank _bank = new();
    private readonly Book _book = new();

    public ComparisonTests()
    {
        _book.Take(BankEvent.Read(Wire.Opened().Bytes()));
        _book.Take(BankEvent.Read(Wire.Deposited("12.50", 2).Bytes()));
    }

    public static TheoryData<string, string, int, Verdict, bool> Answers => new()
    {
        { "12.50", "EUR", 2, Verdict.Equal, true },
        { "12.5", "EUR", 2, Verdict.Equal, true },
        { "12.51", "EUR", 2, Verdict.Differing, false },
        { "12.50", "USD", 2, Verdict.Differing, false },
        // The last event was lost, which no gap shows.
        { "12.50", "EUR", 3, Verdict.Missing, false },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task An_account_is_compared_with_the_bank(string value, string currency, int published, Verdict verdict, bool good)
    {
        Bank(Wire.Account, value, currency, 1, published, published);

        var report = await ReportAsync();

        Assert.Equal((verdict, good), (Assert.Single(report.Accounts).Verdict, report.IsGood));
    }

    [Fact]
    public async Task An_account_that_the_bank_does_not_know_is_not_equal()
    {
        _bank.ByPath["/somewhere"] = "else";

        Assert.Equal(Verdict.Missing, Assert.Single((await ReportAsync()).Accounts).Verdict);
    }

    [Fact]
    public async Task An_imported_account_is_incomplete_and_not_a_problem()
    {
        _book.Take(BankEvent.Read(Wire.Event("banking.account.money-deposited.v1", Wire.Amount("1.00"), 201, null, "acc_b").Bytes()));
        Bank(Wire.Account, "12.50", "EUR", 1, 2, 2);
        Bank("acc_b", "999.00", "EUR", 201, 201, 1);

        var report = await ReportAsync();

        Assert.Equal([Verdict.Equal, Verdict.Incomplete], report.Accounts.Select(a => a.Verdict));
        Assert.True(report.IsGood);
    }

    [Fact]
    public async Task The_report_is_written_as_text_and_as_JSON()
    {
        _book.Take(BankEvent.Read(Wire.Deposited("1.00", 5).Bytes()));
        Bank(Wire.Account, "14.50", "EUR", 1, 5, 5);

        var report = await ReportAsync();

        Assert.Equal(
            $"""
            events: 3 received, 2 applied, 1 waiting, 0 duplicates, 0 inversions, 1 gaps
            accounts: 1, of which 0 equal, 0 differing, 1 missing, 0 incomplete
            gap: {Wire.Account} after 2 up to 4
            missing: {Wire.Account}: 12.50 EUR of 2 events up to 2, the bank has 14.50 EUR and published 5 up to 5
            """,
            report.ToString());
        var json = JsonElement.Parse(report.ToJson());
        Assert.Equal(
            (false, 3, "missing"),
            (
                json.GetProperty("isGood").GetBoolean(),
                json.GetProperty("received").GetInt32(),
                json.GetProperty("accounts")[0].GetProperty("verdict").GetString()));
    }

    public void Dispose() => _bank.Dispose();

    private void Bank(string account, string value, string currency, long first, long last, long events)
    {
        _bank.ByPath[$"/v1/accounts/{account}/balance"] =
            $$"""
            {"accountId":"{{account}}","balance":{{Eur(value)}},"available":{{Eur(value)}},"held":{{Eur("0.00")}},
             "effectiveAt":"2026-11-17T15:00:00Z","knownAt":"2026-11-17T15:00:00Z","version":{{last}},"computedFrom":"state",
             "links":{"events":"/e","entries":"/e","explanation":"/e"} }
            """;

        string Eur(string amount) => $$"""{"value":"{{amount}}","currency":"{{currency}}"} """;
        _bank.ByPath[$"/v1/feed/completeness?account={account}"] =
            $$"""{"account":"{{account}}","first":{{first}},"last":{{last}},"events":{{events}},"position":{{last}}}""";
    }

    private async Task<Report> ReportAsync()
    {
        using var http = _bank.Client();
        return Report.Of(_book, await new Comparison(http).CompareAsync(_book, CancellationToken.None));
    }
}
