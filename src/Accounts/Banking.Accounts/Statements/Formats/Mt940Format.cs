using System.Globalization;
using System.Text;
using Banking.Accounts.Contracts;
using Banking.SharedKernel;

namespace Banking.Accounts.Statements.Formats;

/// <summary>A statement as SWIFT MT940: the text block only, lines end with CR LF, characters of set X.</summary>
internal static class Mt940Format
{
    /// <summary>An amount may have this many characters, with the comma.</summary>
    private const int MaxAmount = 15;

    private const int LineLength = 65;
    private const int MaxLines = 6;

    /// <summary>Null if an amount is longer than the format allows.</summary>
    public static byte[]? Render(Statement statement)
    {
        var content = statement.Content;
        if (!Fits(content.Opening) || content.Entries.Any(e => !Fits(e.Amount) || !Fits(e.Balance!.Value)))
        {
            return null;
        }

        var text = new StringBuilder();
        Line(text, $":20:{Tail(statement.Id)}");
        Line(text, $":25:{content.AccountNumber}");
        // Five digits are all that the format has.
        Line(text, $":28C:{(statement.Number % 100_000).ToString("00000", CultureInfo.InvariantCulture)}/00001");
        Line(text, $":60F:{Balance(content.Opening, content.From)}");
        foreach (var entry in content.Entries)
        {
            Line(text, $":61:{Entry(entry)}");
            Line(text, $":86:{string.Join("\r\n", Details(entry))}");
        }

        Line(text, $":62F:{Balance(content.Closing, content.LastDay)}");
        if (statement.Restates is { } restates)
        {
            Line(text, $":86:RESTATES {Plain(restates.Supersedes)}");
        }

        Line(text, "-");
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static string Balance(Money balance, DateOnly day) =>
        $"{(balance.IsNegative ? 'D' : 'C')}{Day(day)}{balance.Currency.Code}{Amount(balance)}";

    private static string Entry(StatementEntry e)
    {
        var recorded = DateOnly.FromDateTime(e.RecordedAt.UtcDateTime);
        // The entry date has no year: readers take that of the value date.
        var entryDate = recorded.Year == e.EffectiveDay.Year ? recorded.ToString("MMdd", CultureInfo.InvariantCulture) : "";
        var type = e.OtherAccount is null ? "NMSC" : "NTRF";
        var mark = e.Direction == Direction.Credit ? 'C' : 'D';
        return $"{Day(e.EffectiveDay)}{entryDate}{mark}{Amount(e.Amount)}{type}NONREF//{Tail(e.Id)}";
    }

    /// <summary>The lines for people. A line must not begin like a field or the end of the message.</summary>
    private static IEnumerable<string> Details(StatementEntry e)
    {
        var text = Plain(string.Join(' ', ((string?[])
        [
            e.Type, e.Id, e.OtherAccount, e.Details?.Reference, e.Details?.Operation, e.Details?.Purpose?.Text,
            e.Details?.Counterparty?.Bank, e.Details?.Counterparty?.Account, e.Details?.Purpose?.Code, e.Details?.EndToEndId,
            e.Corrects is { } corrected ? "corrects " + corrected : null,
        ]).OfType<string>()));
        return text.Chunk(LineLength).Take(MaxLines).Select(line => new string(line)).Select(line =>
            line[0] is ':' or '-' ? "." + line[1..] : line);
    }

    /// <summary>Underscores of ids are left out; other characters outside set X become a point.</summary>
    private static string Plain(string text) => string.Concat(text.Where(c => c != '_').Select(c =>
        char.IsAsciiLetterOrDigit(c) || " /-?:().,'+".Contains(c, StringComparison.Ordinal) ? c : '.'));

    private static void Line(StringBuilder text, string line) => text.Append(line).Append("\r\n");

    private static string Amount(Money amount)
    {
        var value = amount.Abs.ToDecimalString().Replace('.', ',');
        return value.Contains(',', StringComparison.Ordinal) ? value : value + ",";
    }

    private static bool Fits(Money amount) => amount.Minor != long.MinValue && Amount(amount).Length <= MaxAmount;

    private static string Day(DateOnly day) => day.ToString("yyMMdd", CultureInfo.InvariantCulture);

    /// <summary>The last 16 characters of an id, which is all that a reference may have.</summary>
    private static string Tail(string id) => id[^16..];
}
