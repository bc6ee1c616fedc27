namespace Banking.Testing.Histories;

/// <summary>A history in the files of another bank, with the figures that its import must report.</summary>
/// <param name="Gaps">Rows whose recorded balance differs by more than a rounding error.</param>
/// <param name="Replayed">Sum of the balances computed from the files. Replayed plus Missing is the sum of the balances that the other bank
/// recorded.</param>
/// <param name="Booking">Expected values of one account: its external id, its first row, and the balance recorded at the end of a
/// day.</param>
internal sealed record History(
    string Name, string Folder, int Customers, int Accounts, int Delegates, int Orders, int Rows, int Exact, int Rounded, int Gaps,
    string Credits, string Debits, string Replayed, string Missing, int BelowZero, KnownBooking Booking)
{
    private static readonly History[] All =
    [
        new(
            "sample", Path.Combine(Repository, "samples", "history"), 246, 200, 61, 181, 22_616, 20_793, 1_811, 12,
            "72337987.30", "30296105.10", "42041861.50", "28375.70", 5, new("15", "14485", "1995-11-30", "96616.78")),
        // The figures are those of the README of the data. The files must not be distributed: they lie outside the repository,
        // and only some machines have them.
        new(
            "real",
            Path.GetFullPath(Path.Combine(Repository, "..", "shared", "data", "berka")),
            715,
            591,
            124,
            835,
            23_932,
            22_801,
            1_115,
            16,
            "87119745.30",
            "68062431.60",
            "19057286.00",
            "2492.60",
            1,
            new("576", "171812", "1993-06-30", "15333.20")),
    ];

    /// <summary>Events in the log after the import: one for each customer, delegate, row and correction, two for each account.</summary>
    public long Events => Customers + (2 * Accounts) + Delegates + Rows + Rounded;

    /// <summary>The names of the histories on this machine. Every clone has the sample.</summary>
    public static IEnumerable<TheoryDataRow<string>> Present =>
        All.Where(h => Directory.Exists(h.Folder)).Select(h => new TheoryDataRow<string>(h.Name));

    private static string Repository
    {
        get
        {
            for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "Banking.sln")))
                {
                    return folder.FullName;
                }
            }

            throw new InvalidOperationException("No Banking.sln above the tests.");
        }
    }

    public static History Of(string name) => All.Single(h => h.Name == name);

    public override string ToString() => Name;
}

internal sealed record KnownBooking(string Account, string FirstRow, string Day, string Balance);
