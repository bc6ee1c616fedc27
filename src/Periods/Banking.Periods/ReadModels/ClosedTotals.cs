using Banking.Commands.Periods;
using Banking.EventStore.Log;
using Banking.Periods.Domain;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Npgsql;

namespace Banking.Periods.ReadModels;

/// <summary>Compares the totals of each closed period with those that its closing saw: nothing may have been booked in it since.</summary>
internal sealed class ClosedTotals(LogReader log, IPeriodTotals totals) : StoredComparison
{
    public override string Name => AccountingPeriods.StreamType;

    public override async Task<IReadOnlyList<Difference>> OfBankAsync(NpgsqlConnection snapshot, CancellationToken ct)
    {
        var closed = new SortedDictionary<DateOnly, PeriodClosed>();
        await foreach (var page in log.ReadStreamAsync(snapshot, AccountingPeriods.Stream, long.MaxValue, ct))
        {
            foreach (var e in page)
            {
                if (e.Data is PeriodClosed closing)
                {
                    closed[closing.From] = closing;
                }
                else if (e.Data is PeriodReopened reopened)
                {
                    closed.Remove(reopened.From);
                }
            }
        }

        var differences = new List<Difference>();
        foreach (var (from, closing) in closed)
        {
            var (expected, found) = (
                CheckedPeriod.Of(closing).Totals, await totals.ReadAsync(snapshot, closing.To.AddDays(-1), ct));
            if (!expected.SequenceEqual(found))
            {
                differences.Add(new(Name, "totals of " + new Month(from), AccountingPeriods.Stream, Text(expected), Text(found)));
            }
        }

        return differences;
    }
}
