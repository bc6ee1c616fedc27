using System.Globalization;
using Banking.Testing;

namespace Banking.Operations.Tests;

/// <summary>
/// A history made from a random seed: accounts in two currencies, one of them with more events than two chunks; backdated deposits and
/// withdrawals, some within one tick of each other; transfers, limits and freezes; and a moving clock.
/// </summary>
/// <param name="until">The backdated entries took effect in the weeks before this instant; before the time of the clock if null.</param>
internal sealed class RandomHistory(BankFixture bank, int seed, DateTimeOffset? until = null)
{
    private readonly Random _random = new(seed);
    private readonly BankClient _teller = bank.As("teller");

    public List<string> Accounts { get; } = [];

    public string Busy => Accounts[0];

    private DateTimeOffset Until => until ?? bank.Clock.Now;

    public async Task RunAsync(int steps)
    {
        foreach (var currency in (string[])["EUR", "EUR", "EUR", "JPY"])
        {
            Accounts.Add(
                await _teller.OpenAsync(
                    currency: currency, balance: "100000", overdraftLimit: "500000", effectiveAt: Until.AddDays(-60)));
        }

        for (var i = 0; i < steps; i++)
        {
            bank.Clock.Advance(TimeSpan.FromSeconds(_random.Next(0, 4) == 0 ? _random.Next(0, 90_000) : 0));
            await StepAsync(i);
        }

        bank.Clock.Advance(TimeSpan.FromMinutes(2));
        await bank.CaughtUpAsync();
    }

    /// <summary>Adds thousands of events to the busy account while the clock moves.</summary>
    public async Task GrowAsync(int thousands)
    {
        for (var i = 0; i < thousands; i++)
        {
            bank.Clock.Advance(TimeSpan.FromSeconds(_random.Next(1, 20_000)));
            await ManyAsync(Busy, 1_000);
        }

        bank.Clock.Advance(TimeSpan.FromMinutes(2));
        await bank.CaughtUpAsync();
    }

    /// <summary>Corrects random transactions of the busy account, and each third time the last correction; some are refused.</summary>
    public async Task CorrectAsync(int count)
    {
        var (ofCorrections, corrections) = (0, new List<string>());
        for (var i = 0; i < count; i++)
        {
            var again = i % 3 == 2 && corrections.Count > 0;
            var entries = (await _teller.GetAsync($"/v1/accounts/{Busy}/entries?limit=500")).Ok().Items();
            var transaction = again ? corrections[^1] : entries[_random.Next(0, entries.Count)].GetProperty("id").GetString();
            object body = (again ? 0 : _random.Next(0, 3)) switch
            {
                0 => new { kind = "reversal", reasonCode = "test", reason = "test" },
                1 => new { kind = "amount", amount = new { value = $"{i}.07", currency = "EUR" }, reasonCode = "test", reason = "test" },
                _ => new { kind = "effective-date", effectiveAt = Dated(), reasonCode = "test", reason = "test" },
            };
            var answer = await _teller.PostAsync($"/v1/transactions/{transaction}/corrections", body);
            Assert.True(answer.StatusCode is 201 or 409 or 422, answer.Body);
            if (answer.StatusCode == 201)
            {
                (ofCorrections, corrections) = (ofCorrections + (again ? 1 : 0), [.. corrections, answer.Text("id")]);
            }
        }

        Assert.InRange(corrections.Count, count / 2, count);
        Assert.All(corrections, c => Assert.StartsWith("cor_", c, StringComparison.Ordinal));
        Assert.True(ofCorrections >= 2, $"Only {ofCorrections} corrections of corrections.");
        await bank.CaughtUpAsync();
    }

    /// <summary>A random instant near effective and recorded times.</summary>
    public DateTimeOffset Instant() => _random.Next(0, 4) switch
    {
        0 => bank.Clock.Now.AddSeconds(-_random.Next(0, 5_000_000)),
        1 => Dated(),
        2 => Dated().AddTicks(_random.Next(-2, 3)),
        _ => Until.AddDays(-_random.Next(0, 60)),
    };

    private async Task StepAsync(int step)
    {
        var account = _random.Next(0, 2) == 0 ? Busy : Accounts[_random.Next(0, 3)];
        switch (_random.Next(0, 12))
        {
            case 0:
                (await _teller.TransferAsync(account, Accounts[(Accounts.IndexOf(account) + 1) % 3], "1.00")).Created();
                break;
            case 1:
                (await _teller.PostAsync($"/v1/accounts/{account}/overdraft-limit", new
                {
                    limit = (500_000 + step).ToString("D", CultureInfo.InvariantCulture),
                    reasonCode = "review",
                    reason = "Yearly review",
                })).Ok();
                break;
            case 2:
                (
                    await _teller.PostAsync(
                        $"/v1/accounts/{Accounts[3]}/freeze",
                        new
                        {
                            scope = "debit",
                            reasonCode = "order",
                            reason = "Order",
                        })).Is("ok or frozen");
                break;
            case 3:
                (await _teller.DepositAsync(Accounts[3], "500", "JPY")).Created();
                break;
            default:
                await ManyAsync(account, _random.Next(1, 60));
                break;
        }
    }

    /// <summary>Books a batch, so that accounts soon exceed a chunk.</summary>
    private async Task ManyAsync(string account, int count)
    {
        var items = Enumerable
            .Range(0, count)
            .Select(_ => new
            {
                idempotencyKey = BankClient.NewKey(),
                command = new
                {
                    accountId = account,
                    amount = new { value = $"{_random.Next(1, 900)}.{_random.Next(0, 100):D2}", currency = "EUR" },
                    reason = "test",
                    effectiveAt = _random.Next(0, 3) == 0 ? Dated() : (DateTimeOffset?)null,
                },
            })
            .ToList();
        (
            await _teller.PostAsync(
                _random.Next(0, 3) == 0 ? "/v1/withdrawals/batch" : "/v1/deposits/batch", new { mode = "independent", items })).Ok();
    }

    /// <summary>An effective time from few days and few ticks, so that many are equal.</summary>
    private DateTimeOffset Dated() => Until.Date.AddDays(-_random.Next(0, 40)).AddHours(12).AddTicks(_random.Next(0, 12));
}

internal static class Lenient
{
    /// <summary>Asserts success; an account that is already frozen is accepted too.</summary>
    public static void Is(this Answer answer, string what) =>
        Assert.True(answer.StatusCode is 200 or 409, $"{what}: {answer.StatusCode} {answer.Body}");
}
