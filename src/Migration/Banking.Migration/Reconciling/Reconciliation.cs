using System.Runtime.InteropServices;

namespace Banking.Migration.Reconciling;

/// <summary>
/// Finds the booking order of one account's rows, and compares each row with the recorded balance after it. Every row is booked, because it
/// is a fact of the source. A small difference becomes a correction, so that the replayed balance equals the recorded one. A larger
/// difference is not booked, because an invented row would hide the gap.
/// </summary>
internal static class Reconciliation
{
    /// <summary>Replays the rows of one account. They may have any order and have dates without times. Sorts the list in place.</summary>
    /// <param name="overflow">The row after which the balance exceeds 64 bits; nothing is replayed then. Otherwise null.</param>
    public static ReplayedRow[] Replay(List<BookedRow> rows, out BookedRow? overflow)
    {
        overflow = null;
        rows.Sort(static (left, right) =>
            left.Date == right.Date ? left.Id.CompareTo(right.Id) : left.Date.CompareTo(right.Date));

        var unordered = CollectionsMarshal.AsSpan(rows);
        var replayed = new ReplayedRow[rows.Count];
        var (recordedBefore, balance) = (0L, 0L);
        for (var first = 0; first < unordered.Length; first++)
        {
            MoveNextInChain(unordered[first..FindDayEnd(unordered, first)], recordedBefore);
            var row = unordered[first];

            // Compare with the recorded balance before the row, not with the replayed one. Then a gap is reported once, at its first row,
            // although it shifts the replayed balances of all later rows.
            var difference = (Int128)row.Recorded - recordedBefore - row.Change;
            var correction = ReplayedRow.Judge(difference) == Verdict.Rounded ? difference : 0;
            var after = balance + row.Change + correction;
            if (!FitsMoney(difference) || !FitsMoney(after))
            {
                overflow = row;
                return [];
            }

            balance = (long)after;
            replayed[first] = new(row, (long)difference, balance);
            recordedBefore = row.Recorded;
        }

        return replayed;
    }

    private static bool FitsMoney(Int128 minor) => minor >= long.MinValue && minor <= long.MaxValue;

    // Greedy: the next row is the one whose recorded balance is closest to the previous recorded balance plus its amount. The day is sorted
    // by id, so of several equal rows the first has the lowest id. Skipped rows move up by one place to keep this order.
    private static void MoveNextInChain(Span<BookedRow> restOfDay, long recordedBefore)
    {
        var (next, closest) = (0, Int128.MaxValue);
        for (var i = 0; i < restOfDay.Length && closest > 0; i++)
        {
            var miss = Int128.Abs((Int128)restOfDay[i].Recorded - recordedBefore - restOfDay[i].Change);
            if (miss < closest)
            {
                (next, closest) = (i, miss);
            }
        }

        var chosen = restOfDay[next];
        restOfDay[..next].CopyTo(restOfDay[1..]);
        restOfDay[0] = chosen;
    }

    private static int FindDayEnd(ReadOnlySpan<BookedRow> rows, int first)
    {
        var end = first + 1;
        while (end < rows.Length && rows[end].Date == rows[first].Date)
        {
            end++;
        }

        return end;
    }
}
