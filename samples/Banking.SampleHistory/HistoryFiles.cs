using System.Globalization;
using System.Text;

namespace Banking.SampleHistory;

/// <summary>
/// Writes the five files of a bank: Latin-1, semicolons, quoted strings, dates as yymmdd, amounts with a decimal point.
/// </summary>
public static class HistoryFiles
{
    public static IReadOnlyDictionary<string, byte[]> Create(SampleBank bank)
    {
        ArgumentNullException.ThrowIfNull(bank);
        return new Dictionary<string, byte[]>
        {
            ["client.asc"] = CreateFile(
                "client_id;birth_number;district_id", bank.Clients.Select(c => $"{c.Id};{Quote(c.BirthNumber)};{c.District}")),
            ["account.asc"] = CreateFile(
                "account_id;district_id;frequency;date",
                bank.Accounts.Select(a => $"{a.Id};{a.District};{Quote(a.Frequency)};{FormatDate(a.Opened)}")),
            ["disp.asc"] = CreateFile(
                "disp_id;client_id;account_id;type", bank.Dispositions.Select(d => $"{d.Id};{d.Client};{d.Account};{Quote(d.Type)}")),
            ["order.asc"] = CreateFile(
                "order_id;account_id;bank_to;account_to;amount;k_symbol",
                bank.Orders.Select(o =>
                    $"{o.Id};{o.Account};{Quote(o.Bank)};{Quote(o.OtherAccount)};{FormatAmount(o.Amount)};{Quote(o.Purpose)}")),
            ["trans.asc"] = CreateFile(
                "trans_id;account_id;date;type;operation;amount;balance;k_symbol;bank;account", bank.Bookings.Select(FormatRow)),
        };
    }

    private static string FormatRow(Booking row) =>
        string.Join(
            ';',
            $"{row.Id}",
            $"{row.Account}",
            FormatDate(row.Date),
            Quote(row.Words.Type),
            Quote(row.Words.Operation),
            FormatAmount(row.Amount),
            FormatAmount(row.Balance),
            Quote(row.Words.Purpose),
            QuoteUnlessEmpty(row.Bank),
            QuoteUnlessEmpty(row.OtherAccount));

    private static byte[] CreateFile(string header, IEnumerable<string> rows)
    {
        var names = string.Join(';', header.Split(';').Select(Quote));
        return Encoding.Latin1.GetBytes(string.Concat(rows.Prepend(names).Select(line => line + "\n")));
    }

    private static string Quote(string text) => $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string QuoteUnlessEmpty(string text) => text.Length == 0 ? "" : Quote(text);

    private static string FormatDate(DateOnly date) => date.ToString("yyMMdd", CultureInfo.InvariantCulture);

    private static string FormatAmount(long hellers) =>
        string.Create(CultureInfo.InvariantCulture, $"{(hellers < 0 ? "-" : "")}{Math.Abs(hellers) / 100}.{Math.Abs(hellers) % 100:00}");
}
