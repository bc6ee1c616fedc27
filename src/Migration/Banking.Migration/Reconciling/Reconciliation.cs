using System.Runtime.InteropServices;

namespace Banking.Migration.Reconciling;

/// <summary>
/// Finds the order in which one account's rows were booked and judges each against the balance the bank recorded after it.
/// Every row is booked: what the bank booked is a fact. A small difference becomes a correction, so that the replayed balance meets the
/// recorded one; a larger one is booked nowhere, because inventing the missing row would hide that it is missing.
/// </summary>
internal static class Reconciliation
{
    /// <summary>One account's rows, given in any order; a day is the finest time they tell. The list is sorted in place.</summary>
    public static ReplayedRow[] Replay(List<BookedRow> rows)
    {
        rows.Sort(static (left, right) =>
            left.Date == right.Date ? left.Id.CompareTo(right.Id) : left.Date.CompareTo(right.Date));

        var unordered = CollectionsMarshal.AsSpan(rows);
        var replayed = new ReplayedRow[rows.Count];
        var (recordedBefore, balance) = (0L, 0L);
        for (var first = 0; first < unordered.Length; first++)
        {
            MoveNextInChain(unordered[first..DayEnd(unordered, first)], recordedBefore);
            var row = unordered[first];

            // Judged from the recorded balance before the row, not from the replayed one: a gap is then told once, at the row where it
            // opens, and not again for every later row, whose replayed balance it shifts all the same.
            var difference = checked(row.Recorded - recordedBefore - row.Change);
            var correction = ReplayedRow.VerdictOn(difference) == Verdict.Rounded ? difference : 0;
            balance = checked(balance + row.Change + correction);
            replayed[first] = new(row, difference, balance);
            recordedBefore = row.Recorded;
        }

        return replayed;
    }

    // Greedy: next comes the row whose amount brings the recorded balance before it closest to its own. The day is sorted by id, so the
    // first of several equals has the lowest one; those passed over move up by one place rather than being swapped, to keep it so.
    private static void MoveNextInChain(Span<BookedRow> restOfDay, long recordedBefore)
    {
        var (next, closest) = (0, long.MaxValue);
        for (var i = 0; i < restOfDay.Length && closest > 0; i++)
        {
            var miss = Math.Abs(restOfDay[i].Recorded - recordedBefore - restOfDay[i].Change);
            if (miss < closest)
            {
                (next, closest) = (i, miss);
            }
        }

        var chosen = restOfDay[next];
        restOfDay[..next].CopyTo(restOfDay[1..]);
        restOfDay[0] = chosen;
    }

    private static int DayEnd(ReadOnlySpan<BookedRow> rows, int first)
    {
        var end = first + 1;
        while (end < rows.Length && rows[end].Date == rows[first].Date)
        {
            end++;
        }

        return end;
    }
}
