using System.Text.Json.Serialization;

namespace Banking.SharedKernel;

/// <summary>
/// A currency of ISO 4217 and the number of digits its minor unit has (JPY 0, EUR 2, KWD 3, CLF 4).
/// Two currencies are equal only when code and scale are: an amount stored before a redenomination is not today's money.
/// </summary>
[JsonConverter(typeof(CurrencyJsonConverter))]
public readonly record struct Currency
{
    // Ten to the eighteenth is the largest power of ten that fits in the long of Money.
    internal const int MaxScale = 18;

    private readonly string? _code;

    private Currency(string code, int scale)
    {
        _code = code;
        Scale = scale;
    }

    /// <summary>The three upper-case letters of ISO 4217; empty for <c>default(Currency)</c>.</summary>
    public string Code => _code ?? "";

    /// <summary>Digits of the minor unit: an amount of 1 is 10 to the power of minus <see cref="Scale"/> major units.</summary>
    public int Scale { get; }

    /// <summary>The active currency of that code: upper case only, and no metals, funds or testing codes that begin with X.</summary>
    public static bool TryParse(string? code, out Currency currency)
    {
        var found = CurrencyTable.TryActive(code, out var listed);
        currency = found ? new(listed.Code, listed.Scale) : default;
        return found;
    }

    /// <summary>
    /// The currency of that code, active or withdrawn: money outlives its currency, and what is in an account can still be paid out.
    /// </summary>
    public static bool TryParseEver(string? code, out Currency currency)
    {
        var found = CurrencyTable.TryEver(code, out var listed);
        currency = found ? new(listed.Code, listed.Scale) : default;
        return found;
    }

    /// <summary>The active currency of that code.</summary>
    /// <exception cref="FormatException">The code is not an active currency of ISO 4217.</exception>
    public static Currency Parse(string code) => TryParse(code, out var currency)
        ? currency
        : throw new FormatException($"'{code}' is not an active ISO 4217 currency: three upper-case letters such as EUR are expected.");

    /// <summary>
    /// A currency as it was recorded, whether or not it is still in the list and whatever scale the list gives it today.
    /// For reading history; new accounts begin with <see cref="Parse"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The code is not three upper-case letters, or the scale is not 0 to 18.</exception>
    public static Currency Stored(string code, int scale)
    {
        ArgumentNullException.ThrowIfNull(code);
        if (code.Length != 3 || !code.All(char.IsAsciiLetterUpper))
        {
            throw new ArgumentException($"'{code}' is not three upper-case letters.", nameof(code));
        }

        if (scale is < 0 or > MaxScale)
        {
            throw new ArgumentException($"A scale is 0 to {MaxScale}, not {scale}.", nameof(scale));
        }

        // The table's own string: a million stored amounts then share one code instead of holding a million.
        return new(CurrencyTable.TryEver(code, out var listed) ? listed.Code : code, scale);
    }

    /// <summary>The code.</summary>
    public override string ToString() => Code;
}
