using System.Globalization;
using Banking.Accounts.Contracts;
using Banking.SharedKernel;
using Banking.Testing;

namespace Banking.Operations.Tests;

/// <summary>
/// Three accounts of one customer, one of them with more events than a chunk, whose random deposits and withdrawals took effect within the
/// last two days.
/// </summary>
internal sealed class DayHistory(BankFixture bank, int seed)
{
    private readonly Random _random = new(seed);
    private readonly BankClient _teller = bank.As("teller");
    private readonly List<(string Id, string Currency)> _accounts = [];

    public string Customer { get; private set; } = "";

    public async Task OpenAsync()
    {
        // A time of day at which New York has another date than Berlin.
        bank.Clock.Set(new DateTimeOffset(bank.Clock.Now.UtcDateTime.Date.AddDays(3).AddHours(4), TimeSpan.Zero));
        Customer = await _teller.RegisterAsync();
        foreach (var currency in (string[])["EUR", "EUR", "JPY"])
        {
            var openedAt = bank.Clock.Now.AddDays(-3);
            _accounts.Add((await _teller.OpenAsync(Customer, currency, overdraftLimit: "90000000", effectiveAt: openedAt), currency));
        }
    }

    /// <summary>Books movements on all accounts, most of them on the first.</summary>
    public async Task BookAsync(int count)
    {
        foreach (var (account, currency) in _accounts)
        {
            var items = Enumerable.Range(0, account == _accounts[0].Id ? count : 20).Select(_ => new
            {
                idempotencyKey = BankClient.NewKey(),
                command = new
                {
                    accountId = account,
                    amount = new { value = _random.Next(1, 900).ToString(CultureInfo.InvariantCulture), currency },
                    reason = "test",
                    effectiveAt = _random.Next(3) > 0 ? bank.Clock.Now.AddMinutes(-_random.Next(2_000)) : (DateTimeOffset?)null,
                },
            });
            foreach (var part in items.GroupBy(_ => _random.Next(3) > 0 ? "deposits" : "withdrawals").ToList())
            {
                (await _teller.PostAsync($"/v1/{part.Key}/batch", new { mode = "independent", items = part.ToList() })).Ok();
            }
        }
    }

    /// <summary>By currency: balance, what came in and what went out between two instants, and the number of movements in them.</summary>
    public async Task<IEnumerable<(string Balance, string In, string Out, int Movements)>> TotalsAsync(
        DateTimeOffset from, DateTimeOffset to)
    {
        var ids = _accounts.Select(a => PublicId.TryParse("acc", a.Id, out var id) ? id : throw new FormatException(a.Id)).ToHashSet();
        await using var session = bank.Store.QuerySession();
        var events = await Marten.QueryableExtensions.ToListAsync(session.Events.QueryAllRawEvents());
        return events.Where(e => ids.Contains(e.StreamId)).Select(e => e.Data).OfType<IMovement>()
            .GroupBy(m => m.Amount.Currency).OrderBy(c => c.Key.Code, StringComparer.Ordinal)
            .Select(c => Totals(c.Key, [.. c], [.. c.Where(m => m.EffectiveAt >= from && m.EffectiveAt < to)]));
    }

    private static (string, string, string, int) Totals(Currency currency, List<IMovement> all, List<IMovement> day)
    {
        return (
            Sum(all.Select(m => m.SignedAmount)), Sum(day.Where(m => m.Direction == Direction.Credit).Select(m => m.Amount)),
            Sum(day.Where(m => m.Direction == Direction.Debit).Select(m => m.Amount)), day.Count);

        string Sum(IEnumerable<Money> amounts) =>
            $"{currency.Code} {new Money(amounts.Sum(m => m.Minor), currency).ToDecimalString()}";
    }
}
