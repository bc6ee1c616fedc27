using Banking.Migration.Delimited;
using Banking.SharedKernel;

namespace Banking.Migration.Berka;

/// <summary>
/// Reads a folder with the five files of the bank, all of it or nothing. The order is that of the references: what a row points to has been
/// read before it, so that the row which dangles is the one that is named.
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

    /// <exception cref="MalformedFileException">The folder, a file, a line or a field is not as it must be.</exception>
    public static BerkaRows Read(string folder)
    {
        if (!Directory.Exists(folder))
        {
            throw new MalformedFileException(folder, line: null, field: null, "there is no such folder.");
        }

        var clients = ReadClients(DelimitedFile.Open(folder, Client));
        var accounts = ReadAccounts(DelimitedFile.Open(folder, Account));
        BerkaDispositions.Read(DelimitedFile.Open(folder, Disposition), clients, accounts);
        var orders = BerkaOrders.Count(DelimitedFile.Open(folder, Order), accounts);
        BerkaTransactions.Read(DelimitedFile.Open(folder, Transaction), accounts);
        return new([.. clients.Values], [.. accounts.Values], orders);
    }

    /// <summary>The account that a row points to.</summary>
    public static AccountRow AccountOf(DelimitedFile file, Column column, OrderedDictionary<long, AccountRow> accounts) =>
        accounts.TryGetValue(file.Id(column), out var account)
            ? account
            : throw file.Refused(column, $"account {file.Id(column)} is not in {Account}.");

    private static OrderedDictionary<long, ClientRow> ReadClients(DelimitedFile file)
    {
        var (id, birth, district) = (file.Column("client_id"), file.Column("birth_number"), file.Column("district_id"));
        var clients = new OrderedDictionary<long, ClientRow>();
        while (file.Next())
        {
            var row = BornAs(file, birth) is var (date, gender)
                ? new ClientRow(file.Id(id), date, gender, file.Id(district), file.Line)
                : throw file.Refused(
                    birth, $"{FieldParsing.Quoted(file[birth])} is not a birth number: yymmdd, for women with 50 added to mm.");
            if (!clients.TryAdd(row.Id, row))
            {
                throw file.Refused(id, $"client {row.Id} is there twice.");
            }
        }

        file.RefuseIfEmpty();
        return clients;
    }

    // The Czech birth number: a month of 51 to 62 says that a woman was born in month 1 to 12.
    private static (DateOnly Date, string Gender)? BornAs(DelimitedFile file, Column birth) =>
        FieldParsing.TryDate(file[birth], monthsAdded: 0, out var date) ? (date, "male")
        : FieldParsing.TryDate(file[birth], monthsAdded: 50, out date) ? (date, "female")
        : null;

    private static OrderedDictionary<long, AccountRow> ReadAccounts(DelimitedFile file)
    {
        var (id, district) = (file.Column("account_id"), file.Column("district_id"));
        var (frequency, opened) = (file.Column("frequency"), file.Column("date"));
        var accounts = new OrderedDictionary<long, AccountRow>();
        while (file.Next())
        {
            var row = new AccountRow(file.Id(id), file.Date(opened), file.Line);
            _ = file.Id(district);
            if (!BerkaWords.IsFrequency(file[frequency]))
            {
                throw file.Refused(frequency, $"{FieldParsing.Quoted(file[frequency])} is not a frequency of statements.");
            }

            if (!accounts.TryAdd(row.Id, row))
            {
                throw file.Refused(id, $"account {row.Id} is there twice.");
            }
        }

        file.RefuseIfEmpty();
        return accounts;
    }
}
