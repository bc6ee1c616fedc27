using System.Collections.Concurrent;
using Banking.Migration.Reconciling;

namespace Banking.Migration.Berka;

/// <summary>Reads a folder with the Berka files as histories that the modules can import.</summary>
public static class BerkaImport
{
    /// <summary>Reads, checks and reconciles the files. It stores nothing.</summary>
    /// <param name="folder">The folder with the five files.</param>
    /// <exception cref="MalformedFileException">The files cannot be imported.</exception>
    public static BerkaBank Read(string folder)
    {
        var rows = BerkaFiles.Read(folder);
        var replays = Replay(rows);
        var summary = new SummaryBuilder(BerkaFiles.Koruna);
        for (var i = 0; i < replays.Length; i++)
        {
            summary.Add(rows.Accounts[i].Id, replays[i]);
        }

        return new(rows, replays, summary.Build(rows.Clients.Count, rows.OrdersRead));
    }

    /// <summary>Reconciles each account.</summary>
    /// <exception cref="MalformedFileException">A balance exceeds 64 bits. The first row in the file is named.</exception>
    internal static ReplayedRow[][] Replay(BerkaRows rows)
    {
        var replays = new ReplayedRow[rows.Accounts.Count][];
        // The rows are collected, not thrown: Parallel.For would wrap exceptions and skip accounts, so each run could name another row.
        var overflows = new ConcurrentBag<BookedRow>();
        Parallel.For(0, replays.Length, i =>
        {
            replays[i] = Reconciliation.Replay(rows.Accounts[i].Rows, out var overflow);
            if (overflow is not null)
            {
                overflows.Add(overflow);
            }
        });
        return overflows.MinBy(row => row.Line) is { } first
            ? throw new MalformedFileException(
                BerkaFiles.Transaction, first.Line, "amount", "the balance of the account exceeds 64 bits after this row.")
            : replays;
    }

    /// <summary>Reads the folder and plans one copy, see <see cref="BerkaBank.Plan"/>.</summary>
    /// <exception cref="MalformedFileException">The files cannot be imported.</exception>
    public static MigrationPlan Plan(string folder, int copy = 0) => Read(folder).Plan(copy);
}
