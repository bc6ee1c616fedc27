using static Banking.SampleHistory.BankWords;

namespace Banking.SampleHistory;

/// <summary>
/// Generates the bookings of one account, from its opening to the end of the history. Interest is computed in hellers but exported rounded
/// to ten hellers, like the balances of most accounts. That makes the rounding differences of the history.
/// </summary>
internal sealed class AccountHistory(
    Account account, IReadOnlyList<StandingOrder> orders, DateOnly lastDay, bool exportsHellers, SeededRandom random)
{
    private readonly List<Booking> _rows = [];
    private readonly string _otherBank = random.Pick(Banks);
    private readonly string _otherAccount = Text(random.Next(10_000_000, 99_999_999));
    private readonly bool _isPension = random.Chance(25);
    private readonly long _income = 100L * random.Next(2_500, 28_000);
    private readonly int _payday = random.Next(3, 12);
    private long _balance;
    private long _exportedBalance;

    /// <summary>Generates the rows in booking order.</summary>
    /// <param name="endsBelowZero">The account withdraws more than its balance in the last month.</param>
    public IReadOnlyList<Booking> Generate(bool endsBelowZero)
    {
        Book(account.Opened, new(Credit, Deposit, ""), 10_000L * random.Next(2, 12));
        for (var month = new DateOnly(account.Opened.Year, account.Opened.Month, 1); month <= lastDay; month = month.AddMonths(1))
        {
            foreach (var (day, book) in PlanMonth(overdraws: endsBelowZero && month.AddMonths(1) > lastDay).OrderBy(a => a.Day))
            {
                var date = month.AddDays(Math.Min(day, DateTime.DaysInMonth(month.Year, month.Month)) - 1);
                if (date > account.Opened)
                {
                    book(date);
                }
            }
        }

        return _rows;
    }

    private IEnumerable<(int Day, Action<DateOnly> Book)> PlanMonth(bool overdraws)
    {
        yield return (_payday, date => Book(date, new(Credit, TransferIn, _isPension ? Pension : ""), _income, _otherBank, _otherAccount));
        foreach (var order in orders)
        {
            yield return (_payday + 1, date => PayOrder(date, order));
        }

        for (var n = random.Next(0, 2); n > 0; n--)
        {
            yield return (random.Next(1, 28), Withdraw);
        }

        if (random.Chance(30))
        {
            yield return (random.Next(1, 28), date => Book(date, new(Credit, Deposit, ""), 10_000L * random.Next(1, 80)));
        }

        if (random.Chance(3))
        {
            yield return (random.Next(1, 28), BookRareRow);
        }

        if (overdraws)
        {
            yield return (27, date => Book(date, new(Debit, Cash, ""), (Math.Max(_balance, 0) / 10_000 * 10_000) + 150_000));
        }

        yield return (31, BookMonthEnd);
    }

    private void PayOrder(DateOnly date, StandingOrder order)
    {
        if (_balance > order.Amount)
        {
            // Only standing orders have the purpose LEASING. Rows do not.
            var purpose = order.Purpose == Leasing ? " " : order.Purpose;
            Book(date, new(Debit, TransferOut, purpose), order.Amount, order.Bank, order.OtherAccount);
        }
    }

    private void Withdraw(DateOnly date)
    {
        var max = (int)Math.Min(_balance / 10_000, 90);
        if (max > 0)
        {
            var words = random.Next(1, 20) switch
            {
                1 => new Words(Cash, Cash, ""),
                2 => new(Debit, Cash, " "),
                3 => new(Debit, Cash, Household),
                <= 6 => new(Debit, Card, ""),
                _ => new(Debit, Cash, ""),
            };
            // Some counter transactions have the account 0, which means no account.
            Book(date, words, 10_000L * random.Next(1, max), otherAccount: random.Chance(5) ? "0" : "");
        }
    }

    /// <summary>Books rows without an operation, with amount zero, or from banks whose names need quoting or Latin-1.</summary>
    private void BookRareRow(DateOnly date)
    {
        switch (random.Next(1, 4))
        {
            case 1:
                Book(date, new(Credit, "", ""), 10L * random.Next(1, 5_000));
                break;
            case 2:
                Book(date, new(Credit, "", Interest), 0);
                break;
            case 3:
                Book(date, new(Credit, "", Household), 10L * random.Next(100, 900));
                break;
            default:
                Book(date, new(Credit, TransferIn, ""), 1_000L * random.Next(1, 900), random.Pick(RareBanks), _otherAccount);
                break;
        }
    }

    private void BookMonthEnd(DateOnly date)
    {
        // 3 % credit interest per year, 12 % overdraft interest, in whole hellers. Less than half a koruna is not booked: rounding alone
        // could explain such a row, so its place within the day would be ambiguous.
        var interest = _balance > 0 ? _balance / 400 : -_balance / 100;
        if (interest >= 50)
        {
            Book(date, _balance > 0 ? new(Credit, "", Interest) : new(Debit, Cash, PenaltyInterest), interest);
        }

        if (account.Frequency != Frequencies[^1] || random.Chance(50))
        {
            Book(date, new(Debit, Cash, Fee), account.Frequency == Frequencies[0] ? 1_460 : 3_000);
        }
    }

    private void Book(DateOnly date, Words words, long amount, string bank = "", string otherAccount = "")
    {
        _balance += words.Type == Credit ? amount : -amount;
        var (exportedAmount, balance) = (RoundToTen(amount), exportsHellers ? _balance : RoundToTen(_balance));
        var difference = balance - _exportedBalance - (words.Type == Credit ? exportedAmount : -exportedAmount);
        _rows.Add(new(account.Id, date, words, exportedAmount, balance, bank, otherAccount, difference));
        _exportedBalance = balance;
    }

    private static long RoundToTen(long hellers) => (hellers + (hellers < 0 ? -5 : 5)) / 10 * 10;

    private static string Text(int number) => number.ToString("D", null);
}
