using Banking.Migration.Reconciling;

namespace Banking.Migration.Berka;

/// <summary>The front door: a folder of the Berka files as histories that the modules take over.</summary>
public static class BerkaImport
{
    /// <summary>Reads, checks and reconciles; writes nothing.</summary>
    /// <param name="folder">Any folder with the five files.</param>
    /// <exception cref="MalformedFileException">The folder cannot be taken over.</exception>
    /// <exception cref="OverflowException">Its amounts add up to more than can be counted.</exception>
    public static BerkaBank Read(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);

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

    /// <summary>One copy of the bank in a folder, see <see cref="BerkaBank.Plan"/>.</summary>
    /// <exception cref="MalformedFileException">The folder cannot be taken over.</exception>
    public static MigrationPlan Plan(string folder, int copy = 0) => Read(folder).Plan(copy);
}
