using System.Globalization;
using System.Text;

namespace Banking.SampleHistory;

/// <summary>
/// The five files of a bank, as the format has them: Latin-1, semicolons, strings in quotes, dates yymmdd, amounts with a point.
/// </summary>
public static class HistoryFiles
{
    public static IReadOnlyDictionary<string, byte[]> Of(SampleBank bank)
    {
        ArgumentNullException.ThrowIfNull(bank);
        return new Dictionary<string, byte[]>
        {
            ["client.asc"] = File(
                "client_id;birth_number;district_id", bank.Clients.Select(c => $"{c.Id};{Quoted(c.BirthNumber)};{c.District}")),
            ["account.asc"] = File(
                "account_id;district_id;frequency;date",
                bank.Accounts.Select(a => $"{a.Id};{a.District};{Quoted(a.Frequency)};{Day(a.Opened)}")),
            ["disp.asc"] = File(
                "disp_id;client_id;account_id;type", bank.Dispositions.Select(d => $"{d.Id};{d.Client};{d.Account};{Quoted(d.Type)}")),
            ["order.asc"] = File(
                "order_id;account_id;bank_to;account_to;amount;k_symbol",
                bank.Orders.Select(o =>
                    $"{o.Id};{o.Account};{Quoted(o.Bank)};{Quoted(o.OtherAccount)};{Amount(o.Amount)};{Quoted(o.Purpose)}")),
            ["trans.asc"] = File("trans_id;account_id;date;type;operation;amount;balance;k_symbol;bank;account", bank.Bookings.Select(Row)),
        };
    }

    private static string Row(Booking row) =>
        string.Join(
            ';',
            $"{row.Id}",
            $"{row.Account}",
            Day(row.Date),
            Quoted(row.Words.Type),
            Quoted(row.Words.Operation),
            Amount(row.Amount),
            Amount(row.Balance),
            Quoted(row.Words.Purpose),
            OrNothing(row.Bank),
            OrNothing(row.OtherAccount));

    private static byte[] File(string header, IEnumerable<string> rows)
    {
        var names = string.Join(';', header.Split(';').Select(Quoted));
        return Encoding.Latin1.GetBytes(string.Concat(rows.Prepend(names).Select(line => line + "\n")));
    }

    private static string Quoted(string text) => $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string OrNothing(string text) => text.Length == 0 ? "" : Quoted(text);

    private static string Day(DateOnly date) => date.ToString("yyMMdd", CultureInfo.InvariantCulture);

    private static string Amount(long hellers) =>
        string.Create(CultureInfo.InvariantCulture, $"{(hellers < 0 ? "-" : "")}{Math.Abs(hellers) / 100}.{Math.Abs(hellers) % 100:00}");
}
