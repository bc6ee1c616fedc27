using Banking.Migration.Reconciling;

namespace Banking.Migration.Berka;

/// <summary>Reads a folder with the Berka files as histories that the modules can import.</summary>
public static class BerkaImport
{
    /// <summary>Reads, checks and reconciles the files. It stores nothing.</summary>
    /// <param name="folder">The folder with the five files.</param>
    /// <exception cref="MalformedFileException">The files cannot be imported.</exception>
    /// <exception cref="OverflowException">A sum of amounts overflows.</exception>
    public static BerkaBank Read(string folder)
    {
        var rows = BerkaFiles.Read(folder);
        var replays = new ReplayedRow[rows.Accounts.Count][];
        Parallel.For(0, replays.Length, i => replays[i] = Reconciliation.Replay(rows.Accounts[i].Rows));

        var summary = new SummaryBuilder(BerkaFiles.Koruna);
        for (var i = 0; i < replays.Length; i++)
        {
            summary.Add(rows.Accounts[i].Id, replays[i]);
        }

        return new(rows, replays, summary.Build(rows.Clients.Count, rows.OrdersRead));
    }

    /// <summary>Reads the folder and plans one copy, see <see cref="BerkaBank.Plan"/>.</summary>
    /// <exception cref="MalformedFileException">The files cannot be imported.</exception>
    public static MigrationPlan Plan(string folder, int copy = 0) => Read(folder).Plan(copy);
}
