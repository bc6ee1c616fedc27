using Banking.SharedKernel;

namespace Banking.Migration.Delimited;

/// <summary>Fields as values. Strict, because whatever is guessed here becomes a fact of the new bank.</summary>
internal static class FieldParsing
{
    // As many as an account number made of the id has room for.
    private const int MaxIdDigits = 12;
    private const int MaxTextLength = 100;

    // A million rows of this amount on one account still add up in 64 bits, so that its balance needs no refusal of its own.
    private const long MaxMinor = long.MaxValue / 1_000_000;

    /// <summary>A whole number above zero.</summary>
    public static long Id(this DelimitedFile file, Column column)
    {
        var text = file[column];
        return text.Length is > 0 and <= MaxIdDigits
            && Exact.TryNumber(text, out var id)
            && id > 0
                ? id
                : throw file.Refused(column, $"{Quoted(text)} is not a number of at most {MaxIdDigits} digits above zero.");
    }

    /// <summary>Minor units of an unsigned amount: the direction is told by the row's type. Never through floating point.</summary>
    public static long Amount(this DelimitedFile file, Column column, Currency currency) => file.Minor(column, file[column], currency);

    /// <summary>Minor units of a balance, which may be below zero.</summary>
    public static long Balance(this DelimitedFile file, Column column, Currency currency) => file[column] is ['-', .. var below]
        ? -file.Minor(column, below, currency)
        : file.Minor(column, file[column], currency);

    /// <summary>A date written yymmdd.</summary>
    public static DateOnly Date(this DelimitedFile file, Column column) => TryDate(file[column], monthsAdded: 0, out var date)
        ? date
        : throw file.Refused(column, $"{Quoted(file[column])} is not a date written yymmdd.");

    /// <summary>
    /// Six digits as a day of the twentieth century: the bank's records end in 1998 and hold nobody born before 1900, so two digits of a
    /// year say all there is to say.
    /// </summary>
    public static bool TryDate(ReadOnlySpan<char> yymmdd, int monthsAdded, out DateOnly date)
    {
        date = default;
        if (yymmdd.Length != 6 || !Exact.TryInt(yymmdd, out var number))
        {
            return false;
        }

        var (year, month, day) = (1900 + (number / 10_000), (number / 100 % 100) - monthsAdded, number % 100);
        if (month is < 1 or > 12 || day < 1 || day > DateTime.DaysInMonth(year, month))
        {
            return false;
        }

        date = new(year, month, day);
        return true;
    }

    /// <summary>Free text, null where the field is blank. Refused is what no database column and no statement could show.</summary>
    public static string? Text(this DelimitedFile file, Column column)
    {
        var text = file[column].Trim();
        if (text.IsEmpty)
        {
            return null;
        }

        var value = text.ToString().Replace("\"\"", "\"", StringComparison.Ordinal);
        return PlainText.Problem(value, MaxTextLength) is { } problem ? throw file.Refused(column, problem) : value;
    }

    /// <summary>A field's text for a message: short and without anything that would upset a terminal.</summary>
    public static string Quoted(ReadOnlySpan<char> text)
    {
        var shown = text.Length > 40 ? $"{text[..40]}…" : text.ToString();
        return PlainText.Problem(shown, MaxTextLength) is null || string.IsNullOrWhiteSpace(shown) ? $"'{shown}'" : "what stands there";
    }

    private static long Minor(this DelimitedFile file, Column column, ReadOnlySpan<char> text, Currency currency)
    {
        if (Money.TryParse(text.ToString(), currency, out var money, out var error) && money.Minor <= MaxMinor)
        {
            return money.Minor;
        }

        throw file.Refused(column, $"{Quoted(file[column])} is not an amount{error switch
        {
            MoneyError.TooManyDecimals => $" of {currency}, which has {currency.Scale} decimals.",
            MoneyError.Signed => ": a sign has no place here.",
            MoneyError.None or MoneyError.TooLarge => " that this bank can book: it is too large.",
            _ => $": digits, a point and at most {currency.Scale} decimals.",
        }}");
    }
}
