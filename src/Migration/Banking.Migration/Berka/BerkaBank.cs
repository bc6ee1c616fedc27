using Banking.Accounts.Contracts;
using Banking.Customers.Contracts;
using Banking.Migration.Reconciling;
using Banking.SharedKernel;

namespace Banking.Migration.Berka;

/// <summary>
/// The bank of one folder, read, checked and reconciled. Any number of copies is planned from it, whatever becomes of the files.
/// </summary>
public sealed class BerkaBank
{
    private const string Product = "current";

    private readonly BerkaRows _rows;
    private readonly ReplayedRow[][] _replays;

    internal BerkaBank(BerkaRows rows, ReplayedRow[][] replays, ReconciliationSummary summary)
    {
        _rows = rows;
        _replays = replays;
        Summary = summary;
    }

    /// <summary>What the reconciliation found; the same in each copy.</summary>
    public ReconciliationSummary Summary { get; }

    /// <summary>All that will be written of one copy.</summary>
    /// <param name="copy">0 for the bank itself; any other number gives the same history under new ids and account numbers.</param>
    public MigrationPlan Plan(int copy)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(copy);

        var ids = new BerkaIds(copy);
        var customers = new CustomerHistory[_rows.Clients.Count];
        for (var i = 0; i < customers.Length; i++)
        {
            customers[i] = Customer(_rows.Clients[i], ids);
        }

        // Accounts know nothing of each other, and deriving an id for every row is most of the work.
        var accounts = new AccountHistory[_rows.Accounts.Count];
        Parallel.For(0, accounts.Length, i => accounts[i] = Account(_rows.Accounts[i], _replays[i], ids));
        return new(customers, accounts, Summary);
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
