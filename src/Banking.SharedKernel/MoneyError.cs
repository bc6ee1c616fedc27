using System.Diagnostics.CodeAnalysis;

namespace Banking.SharedKernel;

/// <summary>The reason why a text is not an amount of a currency.</summary>
public enum MoneyError
{
    /// <summary>The text is an amount.</summary>
    None,

    /// <summary>Not ASCII digits with at most one point between digits. Examples: spaces, exponents, separators, empty text.</summary>
    NotANumber,

    /// <summary>More digits after the point than the currency has, even if they are zeros. Amounts are never rounded.</summary>
    TooManyDecimals,

    /// <summary>A number with a plus or minus sign. The direction of an amount is a separate field.</summary>
    [SuppressMessage("Naming", "CA1720", Justification = "The word means the sign of a number, not an integer type.")]
    Signed,

    /// <summary>More minor units than fit in 64 bits.</summary>
    TooLarge,
}
