using Banking.Accounts.Contracts;
using Banking.SharedKernel;

namespace Banking.Migration.Reconciling;

/// <summary>Adds up the replays of all accounts.</summary>
internal sealed class SummaryBuilder(Currency currency)
{
    private readonly List<Discrepancy> _discrepancies = [];
    private int _accounts;
    private int _transactions;
    private int _exact;
    private int _rounded;
    private MoneySum _credits = MoneySum.Zero(currency);
    private MoneySum _debits = MoneySum.Zero(currency);
    private MoneySum _closing = MoneySum.Zero(currency);

    public void Add(long accountId, ReadOnlySpan<ReplayedRow> rows)
    {
        _accounts++;
        _transactions += rows.Length;
        _closing += Money(rows is [.., var last] ? last.Replayed : 0);
        foreach (var replayed in rows)
        {
            if (replayed.Row.Direction == Direction.Credit)
            {
                _credits += Money(replayed.Row.Amount);
            }
            else
            {
                _debits += Money(replayed.Row.Amount);
            }

            switch (replayed.Verdict)
            {
                case Verdict.Exact:
                    _exact++;
                    break;
                case Verdict.Rounded:
                    _rounded++;
                    break;
                default:
                    _discrepancies.Add(CreateDiscrepancy(accountId, replayed));
                    break;
            }
        }
    }

    public ReconciliationSummary Build(int customers, int ordersRead) => new(
        customers,
        _accounts,
        _transactions,
        _exact,
        _rounded,
        // By date, then account. OrderBy is stable, so rows of one account and day keep their booking order.
        [.. _discrepancies.OrderBy(found => found.Date).ThenBy(found => found.AccountId)],
        _credits,
        _debits,
        _closing,
        ordersRead);

    private Discrepancy CreateDiscrepancy(long accountId, ReplayedRow replayed) => new(
        replayed.Row.Id,
        accountId,
        replayed.Row.Date,
        Money(replayed.Row.Recorded),
        Money(replayed.Replayed),
        Money(replayed.Difference));

    private Money Money(long minor) => new(minor, currency);
}
