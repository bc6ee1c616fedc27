using Banking.Migration.Delimited;
using Banking.SharedKernel;

namespace Banking.Migration.Berka;

/// <summary>
/// Reads a folder with the five files of the bank, completely or not at all. Referenced rows are read before the rows that refer to them,
/// so that an error names the row with the dangling reference.
/// </summary>
internal static class BerkaFiles
{
    public const string Client = "client.asc";
    public const string Account = "account.asc";
    public const string Disposition = "disp.asc";
    public const string Order = "order.asc";
    public const string Transaction = "trans.asc";

    /// <summary>The one currency of the bank.</summary>
    public static readonly Currency Koruna = Currency.Parse("CZK");

    /// <exception cref="MalformedFileException">The folder is missing, or a file, a line or a field is malformed.</exception>
    public static BerkaRows Read(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new MalformedFileException(folder, line: null, field: null, "the folder does not exist.");
        }

        var clients = ReadClients(DelimitedFile.Open(folder, Client));
        var accounts = ReadAccounts(DelimitedFile.Open(folder, Account));
        BerkaDispositions.Read(DelimitedFile.Open(folder, Disposition), clients, accounts);
        var orders = BerkaOrders.Count(DelimitedFile.Open(folder, Order), accounts);
        BerkaTransactions.Read(DelimitedFile.Open(folder, Transaction), accounts);
        return new([.. clients.Values], [.. accounts.Values], orders);
    }

    /// <summary>Finds the account that a row refers to.</summary>
    public static AccountRow FindAccount(DelimitedFile file, Column column, OrderedDictionary<long, AccountRow> accounts) =>
        accounts.TryGetValue(file.ReadId(column), out var account)
            ? account
            : throw file.CreateError(column, $"account {file.ReadId(column)} is not in {Account}.");

    private static OrderedDictionary<long, ClientRow> ReadClients(DelimitedFile file)
    {
        var (id, birth, district) = (file.Column("client_id"), file.Column("birth_number"), file.Column("district_id"));
        var clients = new OrderedDictionary<long, ClientRow>();
        while (file.MoveNext())
        {
            var row = ReadBirth(file, birth) is var (date, gender)
                ? new ClientRow(file.ReadId(id), date, gender, file.ReadId(district), file.Line)
                : throw file.CreateError(
                    birth, $"{FieldParsing.Quote(file[birth])} is not a birth number: yymmdd, with 50 added to mm for women.");
            if (!clients.TryAdd(row.Id, row))
            {
                throw file.CreateError(id, $"client {row.Id} occurs twice.");
            }
        }

        file.ThrowIfEmpty();
        return clients;
    }

    // A Czech birth number has month 1 to 12 for a man and month 51 to 62 for a woman.
    private static (DateOnly Date, string Gender)? ReadBirth(DelimitedFile file, Column birth) =>
        FieldParsing.TryDate(file[birth], monthsAdded: 0, out var date) ? (date, "male")
        : FieldParsing.TryDate(file[birth], monthsAdded: 50, out date) ? (date, "female")
        : null;

    private static OrderedDictionary<long, AccountRow> ReadAccounts(DelimitedFile file)
    {
        var (id, district) = (file.Column("account_id"), file.Column("district_id"));
        var (frequency, opened) = (file.Column("frequency"), file.Column("date"));
        var accounts = new OrderedDictionary<long, AccountRow>();
        while (file.MoveNext())
        {
            var statements = BerkaWords.TranslateFrequency(file[frequency])
                ?? throw file.CreateError(frequency, $"{FieldParsing.Quote(file[frequency])} is not a known frequency of statements.");
            var row = new AccountRow(file.ReadId(id), file.ReadDate(opened), statements, file.Line);
            _ = file.ReadId(district);

            if (!accounts.TryAdd(row.Id, row))
            {
                throw file.CreateError(id, $"account {row.Id} occurs twice.");
            }
        }

        file.ThrowIfEmpty();
        return accounts;
    }
}
