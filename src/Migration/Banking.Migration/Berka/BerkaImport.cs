using Banking.Accounts.Contracts;
using Banking.Customers.Contracts;
using Banking.Migration.Reconciling;
using Banking.SharedKernel;

namespace Banking.Migration.Berka;

/// <summary>The front door: a folder of the Berka files as histories that the modules take over.</summary>
public static class BerkaImport
{
    private const string Product = "current";

    /// <summary>Reads, checks and reconciles; writes nothing.</summary>
    /// <param name="folder">Any folder with the five files.</param>
    /// <param name="copy">0 for the bank itself; any other number gives the same history under new ids and account numbers.</param>
    /// <exception cref="MalformedFileException">The folder cannot be taken over.</exception>
    public static MigrationPlan Plan(string folder, int copy = 0)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentOutOfRangeException.ThrowIfNegative(copy);

        var rows = BerkaFiles.Read(folder);
        var ids = new BerkaIds(copy);
        var summary = new SummaryBuilder(BerkaFiles.Koruna);
        var customers = new CustomerHistory[rows.Clients.Count];
        for (var i = 0; i < customers.Length; i++)
        {
            customers[i] = Customer(rows.Clients[i], ids);
        }

        var accounts = new AccountHistory[rows.Accounts.Count];
        var replays = new ReplayedRow[accounts.Length][];

        // Accounts know nothing of each other, and deriving an id for every row is most of the work that reading leaves.
        Parallel.For(0, accounts.Length, i =>
        {
            replays[i] = Reconciliation.Replay(rows.Accounts[i].Rows);
            accounts[i] = Account(rows.Accounts[i], replays[i], ids);
        });

        for (var i = 0; i < replays.Length; i++)
        {
            summary.Add(rows.Accounts[i].Id, replays[i]);
        }

        return new(customers, accounts, summary.Build(customers.Length, rows.OrdersRead));
    }

    // The data is anonymised: the number is all the name there is.
    private static CustomerHistory Customer(ClientRow client, BerkaIds ids) => new(
        ids.Customer(client.Id),
        ids.ExternalId(client.Id),
        $"Client {ids.ExternalId(client.Id)}",
        new Dictionary<string, string>
        {
            ["birthDate"] = client.BirthDate.ToString("O", null),
            ["gender"] = client.Gender,
            ["district"] = client.District.ToString("D", null),
        },
        Source(BerkaFiles.Client, client.Line, client.Id));

    private static AccountHistory Account(AccountRow account, ReplayedRow[] replayed, BerkaIds ids) => new(
        ids.Account(account.Id),
        ids.Number(account.Id),
        ids.ExternalId(account.Id),
        ids.Customer(account.Owner!.ClientId),
        account.Delegates.ConvertAll(row =>
            new HistoricDelegate(ids.Customer(row.ClientId), Source(BerkaFiles.Disposition, row.Line, row.Id))),
        BerkaFiles.Koruna,
        Product,
        StartOf(account.Opened),
        Source(BerkaFiles.Account, account.Line, account.Id),
        Array.ConvertAll(replayed, row => Movement(row, ids)));

    private static HistoricMovement Movement(ReplayedRow replayed, BerkaIds ids)
    {
        var row = replayed.Row;
        return new(
            ids.Movement(row.Id),
            row.Direction,
            new(row.Amount, BerkaFiles.Koruna),
            StartOf(row.Date),
            row.BankSide,
            row.Details,
            Source(BerkaFiles.Transaction, row.Line, row.Id),
            replayed.Verdict == Verdict.Rounded ? Rounding(replayed, ids) : null);
    }

    private static HistoricRounding Rounding(ReplayedRow replayed, BerkaIds ids) => new(
        ids.Rounding(replayed.Row.Id),
        replayed.Difference > 0 ? Direction.Credit : Direction.Debit,
        new(Math.Abs(replayed.Difference), BerkaFiles.Koruna));

    private static SourceRow Source(string file, int line, long id) => new(BerkaIds.System, file, line, id.ToString("D", null));

    // The files tell no time of day and no zone; midnight UTC keeps the date readable in what is stored.
    private static DateTimeOffset StartOf(DateOnly date) => new(date.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
}
