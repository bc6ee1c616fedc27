using System.Globalization;
using Banking.Migration;
using Spectre.Console;

namespace Banking.Host.Commands;

/// <summary>The report of an import as tables.</summary>
internal static class ImportReport
{
    public static void Write(MigrationReport report, long events, long known)
    {
        var figures = new Table().Border(TableBorder.Simple).HideHeaders().AddColumn("").AddColumn(new TableColumn("").RightAligned());
        void Row(string name, string value) => figures.AddRow(name, value);
        if (report.Copies > 1)
        {
            Row("Copies of the bank", Number(report.Copies));
        }

        Row("Customers", Number(report.Customers));
        Row("Accounts", Number(report.Accounts));
        Row("Transactions", Number(report.Transactions));
        Row("  exact", Number(report.Exact));
        Row("  rounded (corrected by an event)", Number(report.Rounded));
        Row("  discrepancies (reported below)", Number((long)report.Copies * report.Discrepancies.Count));
        Row("Credits, CZK", report.Credits);
        Row("Debits, CZK", report.Debits);
        Row("Balance in the bank now, CZK", report.ClosingBalance);
        Row("Events stored", Number(events));
        Row("Seconds", report.Seconds.ToString("0.000", CultureInfo.InvariantCulture));
        Row("Events per second", Number((long)report.EventsPerSecond));
        AnsiConsole.Write(figures);

        if (report.Discrepancies.Count > 0)
        {
            var title = "Discrepancies: differences that the files do not explain; not booked";
            var gaps = new Table().Border(TableBorder.Simple).Title(report.Copies > 1 ? title + "; the same in each copy" : title);
            foreach (var heading in (string[])["Transaction", "Account", "Date", "Recorded", "Replayed", "Missing"])
            {
                gaps.AddColumn(new TableColumn(heading).RightAligned());
            }

            foreach (var gap in report.Discrepancies)
            {
                gaps.AddRow(
                    gap.TransactionId.ToString(CultureInfo.InvariantCulture), gap.AccountId.ToString(CultureInfo.InvariantCulture),
                    gap.Date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), gap.Recorded, gap.Replayed, gap.Missing);
            }

            AnsiConsole.Write(gaps);
        }

        if (!report.Imported)
        {
            Console.WriteLine($"Nothing was imported: all {known} customers and accounts are in the bank already.");
        }
    }

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
