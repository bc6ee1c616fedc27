using static Banking.SampleHistory.BankWords;

namespace Banking.SampleHistory;

/// <summary>
/// What happens on one account, from its opening to the end of the history. Interest is reckoned to the heller and printed to ten, as are
/// the balances of most accounts: this is where rows come from that miss their recorded balance by a little.
/// </summary>
internal sealed class AccountStory(
    Account account, IReadOnlyList<StandingOrder> orders, DateOnly lastDay, bool printsHellers, SeededRandom random)
{
    private readonly List<Booking> _rows = [];
    private readonly string _otherBank = random.Pick(Banks);
    private readonly string _otherAccount = Text(random.Next(10_000_000, 99_999_999));
    private readonly bool _isPension = random.Chance(25);
    private readonly long _income = 100L * random.Next(2_500, 28_000);
    private readonly int _payday = random.Next(3, 12);
    private long _kept;
    private long _printed;

    /// <summary>The rows in the order in which the bank booked them.</summary>
    /// <param name="endsBelowZero">It withdraws more than there is in its last month.</param>
    public IReadOnlyList<Booking> Tell(bool endsBelowZero)
    {
        Book(account.Opened, new(Credit, Deposit, ""), 10_000L * random.Next(2, 12));
        for (var month = new DateOnly(account.Opened.Year, account.Opened.Month, 1); month <= lastDay; month = month.AddMonths(1))
        {
            foreach (var (day, act) in Month(overdraws: endsBelowZero && month.AddMonths(1) > lastDay).OrderBy(a => a.Day))
            {
                var date = month.AddDays(Math.Min(day, DateTime.DaysInMonth(month.Year, month.Month)) - 1);
                if (date > account.Opened)
                {
                    act(date);
                }
            }
        }

        return _rows;
    }

    private IEnumerable<(int Day, Action<DateOnly> Act)> Month(bool overdraws)
    {
        yield return (_payday, date => Book(date, new(Credit, TransferIn, _isPension ? Pension : ""), _income, _otherBank, _otherAccount));
        foreach (var order in orders)
        {
            yield return (_payday + 1, date => Pay(date, order));
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
            yield return (random.Next(1, 28), Rare);
        }

        if (overdraws)
        {
            yield return (27, date => Book(date, new(Debit, Cash, ""), (Math.Max(_kept, 0) / 10_000 * 10_000) + 150_000));
        }

        yield return (31, MonthEnd);
    }

    private void Pay(DateOnly date, StandingOrder order)
    {
        if (_kept > order.Amount)
        {
            // Of the standing orders only: no row has it.
            var purpose = order.Purpose == Leasing ? " " : order.Purpose;
            Book(date, new(Debit, TransferOut, purpose), order.Amount, order.Bank, order.OtherAccount);
        }
    }

    private void Withdraw(DateOnly date)
    {
        var most = (int)Math.Min(_kept / 10_000, 90);
        if (most > 0)
        {
            var words = random.Next(1, 20) switch
            {
                1 => new Words(Cash, Cash, ""),
                2 => new(Debit, Cash, " "),
                3 => new(Debit, Cash, Household),
                <= 6 => new(Debit, Card, ""),
                _ => new(Debit, Cash, ""),
            };
            // Rows at the counter have the account 0 now and then, which is none.
            Book(date, words, 10_000L * random.Next(1, most), otherAccount: random.Chance(5) ? "0" : "");
        }
    }

    /// <summary>Rows without a word of what was done, of nothing, and from banks with a name that is hard to read.</summary>
    private void Rare(DateOnly date)
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

    private void MonthEnd(DateOnly date)
    {
        // 3 % a year for what is there, 12 % for what is not, in whole hellers. Less than half a koruna is not booked: a row that rounding
        // alone explains could stand in any place of its day.
        var interest = _kept > 0 ? _kept / 400 : -_kept / 100;
        if (interest >= 50)
        {
            Book(date, _kept > 0 ? new(Credit, "", Interest) : new(Debit, Cash, PenaltyInterest), interest);
        }

        if (account.Frequency != Frequencies[^1] || random.Chance(50))
        {
            Book(date, new(Debit, Cash, Fee), account.Frequency == Frequencies[0] ? 1_460 : 3_000);
        }
    }

    private void Book(DateOnly date, Words words, long amount, string bank = "", string otherAccount = "")
    {
        _kept += words.Type == Credit ? amount : -amount;
        var (printedAmount, balance) = (ToTen(amount), printsHellers ? _kept : ToTen(_kept));
        var difference = balance - _printed - (words.Type == Credit ? printedAmount : -printedAmount);
        _rows.Add(new(account.Id, date, words, printedAmount, balance, bank, otherAccount, difference));
        _printed = balance;
    }

    private static long ToTen(long hellers) => (hellers + (hellers < 0 ? -5 : 5)) / 10 * 10;

    private static string Text(int number) => number.ToString("D", null);
}
