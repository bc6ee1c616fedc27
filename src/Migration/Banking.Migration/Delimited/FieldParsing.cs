using Banking.SharedKernel;

namespace Banking.Migration.Delimited;

/// <summary>Parses fields strictly, because a wrong guess would become a fact of the new bank.</summary>
internal static class FieldParsing
{
    // An account number made of an id has room for this many digits.
    private const int MaxIdDigits = 12;
    private const int MaxTextLength = 100;

    // A million rows of this amount on one account fit in 64 bits, so no balance can overflow.
    private const long MaxMinor = long.MaxValue / 1_000_000;

    /// <summary>Parses a whole number above zero.</summary>
    public static long ReadId(this DelimitedFile file, Column column)
    {
        var text = file[column];
        return text.Length is > 0 and <= MaxIdDigits
            && Exact.TryNumber(text, out var id)
            && id > 0
                ? id
                : throw file.CreateError(column, $"{Quote(text)} is not a number of at most {MaxIdDigits} digits above zero.");
    }

    /// <summary>Parses an unsigned amount to minor units, without floating point. The row's type has the direction.</summary>
    public static long ReadAmount(this DelimitedFile file, Column column, Currency currency) =>
        file.ReadMinor(column, file[column], currency);

    /// <summary>Parses a balance, which may be negative, to minor units.</summary>
    public static long ReadBalance(this DelimitedFile file, Column column, Currency currency) => file[column] is ['-', .. var below]
        ? -file.ReadMinor(column, below, currency)
        : file.ReadMinor(column, file[column], currency);

    /// <summary>Parses a date in the form yymmdd.</summary>
    public static DateOnly ReadDate(this DelimitedFile file, Column column) => TryDate(file[column], monthsAdded: 0, out var date)
        ? date
        : throw file.CreateError(column, $"{Quote(file[column])} is not a date in the form yymmdd.");

    /// <summary>
    /// Parses six digits as a day of the twentieth century. The source's records end in 1998, and no client was born before 1900.
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

    /// <summary>Reads free text. Null if the field is blank. Text that cannot be stored or printed is refused.</summary>
    public static string? ReadText(this DelimitedFile file, Column column)
    {
        var text = file[column].Trim(' ');
        if (text.IsEmpty)
        {
            return null;
        }

        var value = text.ToString().Replace("\"\"", "\"", StringComparison.Ordinal);
        return PlainText.Problem(value, MaxTextLength) is { } problem ? throw file.CreateError(column, problem) : value;
    }

    /// <summary>Quotes a field's text for a message: short and without control characters.</summary>
    public static string Quote(ReadOnlySpan<char> text)
    {
        var shown = text.Length > 40 ? $"{text[..40]}…" : text.ToString();
        return PlainText.Problem(shown, MaxTextLength) is null || string.IsNullOrWhiteSpace(shown) ? $"'{shown}'" : "this text";
    }

    private static long ReadMinor(this DelimitedFile file, Column column, ReadOnlySpan<char> text, Currency currency)
    {
        if (Money.TryParse(text.ToString(), currency, out var money, out var error) && money.Minor <= MaxMinor)
        {
            return money.Minor;
        }

        throw file.CreateError(column, $"{Quote(file[column])} is not an amount{error switch
        {
            MoneyError.TooManyDecimals => $" of {currency}, which has {currency.Scale} decimals.",
            MoneyError.Signed => ": a sign is not allowed.",
            MoneyError.None or MoneyError.TooLarge => " that the bank can book, because it is too large.",
            _ => $": digits, a point and at most {currency.Scale} decimals.",
        }}");
    }
}
