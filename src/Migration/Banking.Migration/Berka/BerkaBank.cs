using Banking.Accounts.Contracts;
using Banking.Customers.Contracts;
using Banking.Migration.Reconciling;
using Banking.SharedKernel;

namespace Banking.Migration.Berka;

/// <summary>
/// The bank in one folder, read, checked and reconciled. It can plan any number of copies without reading the files again.
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

    /// <summary>The result of the reconciliation, the same for each copy.</summary>
    public ReconciliationSummary Summary { get; }

    /// <summary>Creates the plan of one copy.</summary>
    /// <param name="copy">0 for the bank itself. Any other number gives the same history with new ids and account numbers.</param>
    public MigrationPlan Plan(int copy)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(copy);

        var ids = new BerkaIds(copy);
        var customers = new CustomerHistory[_rows.Clients.Count];
        for (var i = 0; i < customers.Length; i++)
        {
            customers[i] = CreateCustomer(_rows.Clients[i], ids);
        }

        // Accounts are independent, and most of the work is deriving an id for every row.
        var accounts = new AccountHistory[_rows.Accounts.Count];
        Parallel.For(0, accounts.Length, i => accounts[i] = CreateAccount(_rows.Accounts[i], _replays[i], ids));
        return new(customers, accounts, Summary);
    }

    // The data is anonymised, so the name is made of the number.
    private static CustomerHistory CreateCustomer(ClientRow client, BerkaIds ids) => new(
        ids.Customer(client.Id),
        ids.ExternalId(client.Id),
        $"Client {ids.ExternalId(client.Id)}",
        new Dictionary<string, string>
        {
            ["birthDate"] = client.BirthDate.ToString("O", null),
            ["gender"] = client.Gender,
            ["district"] = client.District.ToString("D", null),
        },
        CreateSource(BerkaFiles.Client, client.Line, client.Id));

    private static AccountHistory CreateAccount(AccountRow account, ReplayedRow[] replayed, BerkaIds ids) => new(
        ids.Account(account.Id),
        ids.Number(account.Id),
        ids.ExternalId(account.Id),
        ids.Customer(account.Owner!.ClientId),
        account.Delegates.ConvertAll(row =>
            new HistoricDelegate(ids.Customer(row.ClientId), CreateSource(BerkaFiles.Disposition, row.Line, row.Id))),
        BerkaFiles.Koruna,
        Product,
        AtStartOfDay(account.Opened),
        CreateSource(BerkaFiles.Account, account.Line, account.Id),
        Array.ConvertAll(replayed, row => CreateMovement(row, ids)),
        account.Statements);

    private static HistoricMovement CreateMovement(ReplayedRow replayed, BerkaIds ids)
    {
        var row = replayed.Row;
        return new(
            ids.Movement(row.Id),
            row.Direction,
            new(row.Amount, BerkaFiles.Koruna),
            AtStartOfDay(row.Date),
            row.BankSide,
            row.Details,
            CreateSource(BerkaFiles.Transaction, row.Line, row.Id),
            replayed.Verdict == Verdict.Rounded ? CreateRounding(replayed, ids) : null);
    }

    private static HistoricRounding CreateRounding(ReplayedRow replayed, BerkaIds ids) => new(
        ids.Rounding(replayed.Row.Id),
        replayed.Difference > 0 ? Direction.Credit : Direction.Debit,
        new(Math.Abs(replayed.Difference), BerkaFiles.Koruna));

    private static SourceRow CreateSource(string file, int line, long id) => new(BerkaIds.System, file, line, id.ToString("D", null));

    // The files have no time of day and no time zone. Midnight UTC keeps the date readable in stored events.
    private static DateTimeOffset AtStartOfDay(DateOnly date) => new(date.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
}
