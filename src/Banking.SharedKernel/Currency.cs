using System.Text.Json.Serialization;

namespace Banking.SharedKernel;

/// <summary>
/// A currency of ISO 4217 and the number of digits of its minor unit (JPY 0, EUR 2, KWD 3, CLF 4). Two currencies are equal only if code
/// and scale are equal, because an amount from before a redenomination is not today's money.
/// </summary>
[JsonConverter(typeof(CurrencyJsonConverter))]
public readonly record struct Currency
{
    // 10^18 is the largest power of ten that fits into the long of Money.
    internal const int MaxScale = 18;

    private readonly string? _code;

    private Currency(string code, int scale)
    {
        _code = code;
        Scale = scale;
    }

    /// <summary>The three upper-case letters of ISO 4217; empty for <c>default(Currency)</c>.</summary>
    public string Code => _code ?? "";

    /// <summary>The digits of the minor unit: an amount of 1 is 10^-<see cref="Scale"/> major units.</summary>
    public int Scale { get; }

    /// <summary>
    /// Parses the code of an active currency: upper case only. Codes of metals, funds and tests, which begin with X, are no currencies.
    /// </summary>
    public static bool TryParse(string? code, out Currency currency)
    {
        var found = CurrencyTable.TryFindActive(code, out var listed);
        currency = found ? new(listed.Code, listed.Scale) : default;
        return found;
    }

    /// <summary>
    /// Parses the code of an active or withdrawn currency. Money of an existing account can be paid out after its currency was withdrawn.
    /// </summary>
    public static bool TryParseEver(string? code, out Currency currency)
    {
        var found = CurrencyTable.TryFind(code, out var listed);
        currency = found ? new(listed.Code, listed.Scale) : default;
        return found;
    }

    /// <summary>Parses the code of an active currency.</summary>
    /// <exception cref="FormatException">The code is not an active currency of ISO 4217.</exception>
    public static Currency Parse(string code) => TryParse(code, out var currency)
        ? currency
        : throw new FormatException($"'{code}' is not an active ISO 4217 currency: write three upper-case letters such as EUR.");

    /// <summary>
    /// Creates a currency as it was recorded, with any code and scale, even if today's list has neither. For reading history only; new
    /// accounts use <see cref="Parse"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The code is not three upper-case letters, or the scale is not 0 to 18.</exception>
    public static Currency FromStored(string code, int scale)
    {
        if (code.Length != 3 || !code.All(char.IsAsciiLetterUpper))
        {
            throw new ArgumentException($"'{code}' is not three upper-case letters.", nameof(code));
        }

        if (scale is < 0 or > MaxScale)
        {
            throw new ArgumentException($"A scale must be 0 to {MaxScale}, not {scale}.", nameof(scale));
        }

        // Use the table's string, so that all amounts share one string per code.
        return new(CurrencyTable.TryFind(code, out var listed) ? listed.Code : code, scale);
    }

    /// <summary>The code.</summary>
    public override string ToString() => Code;
}
