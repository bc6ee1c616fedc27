using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Banking.EventStore.Json;

namespace Banking.Accounts.Statements.Formats;

/// <summary>
/// A statement as CSV (RFC 4180): a line for the opening balance, one for each entry, one for the closing balance, and one for each entry
/// that a restatement adds. A text, or a part of it, that a spreadsheet would run as a formula gets an apostrophe in front.
/// </summary>
internal static partial class CsvFormat
{
    private static readonly string[] Header =
    [
        "line", "date", "effectiveAt", "recordedAt", "id", "type", "direction", "amount", "balance", "currency", "reference",
        "operation", "purpose", "otherBank", "otherAccount", "corrects",
    ];

    /// <summary>Characters that need quotes around their cell.</summary>
    private static readonly SearchValues<char> Special = SearchValues.Create("\",\r\n;\t");

    public static byte[] Render(Statement statement)
    {
        var content = statement.Content;
        var csv = new StringBuilder();
        Line(csv, Header);
        Line(csv, Balance("opening", content.From, content.Opening.ToDecimalString(), content));
        foreach (var entry in content.Entries)
        {
            Line(csv, Entry("entry", entry));
        }

        Line(csv, Balance("closing", content.LastDay, content.Closing.ToDecimalString(), content));
        foreach (var entry in statement.Restates?.Added ?? [])
        {
            Line(csv, Entry("added", entry));
        }

        return Encoding.UTF8.GetBytes(csv.ToString());
    }

    private static string?[] Balance(string line, DateOnly day, string balance, StatementContent content) =>
        [line, Day(day), null, null, null, null, null, null, balance, content.Currency.Code, null, null, null, null, null, null];

    private static string?[] Entry(string line, StatementEntry e) =>
    [
        line, Day(e.EffectiveDay), StatementLine.Instant(e.EffectiveAt),
        StatementLine.Instant(e.RecordedAt), e.Id, e.Type, WireNames.Of(e.Direction.ToString()), e.Amount.ToDecimalString(),
        e.Balance?.ToDecimalString(), e.Amount.Currency.Code,
        Text(e.Details?.Reference), Text(e.Details?.Operation), Text(e.Details?.Purpose?.Text), Text(e.Details?.Counterparty?.Bank),
        Text(e.OtherAccount ?? e.Details?.Counterparty?.Account), e.Corrects,
    ];

    /// <summary>
    /// Makes a text safe for spreadsheets, which run cells that begin with these characters, also in their wide forms and after spaces. A
    /// spreadsheet that separates cells by semicolons or tabs ignores the quotes around the text, so that each part of it is a cell.
    /// </summary>
    private static string? Text(string? text) => text is null ? null : FormulaStart().Replace(text, "'");

    [GeneratedRegex("""(?<=^|[;\t\r\n])(?=[\s"]*[=+\-@＝＋－＠])""", RegexOptions.CultureInvariant)]
    private static partial Regex FormulaStart();

    private static void Line(StringBuilder csv, IEnumerable<string?> cells) => csv.AppendJoin(',', cells.Select(Quoted)).Append("\r\n");

    private static string Quoted(string? cell) => cell is null ? ""
        : !cell.AsSpan().ContainsAny(Special) ? cell
        : $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string Day(DateOnly day) => day.ToString("O", CultureInfo.InvariantCulture);
}
