using System.Diagnostics.CodeAnalysis;

namespace Banking.SharedKernel;

/// <summary>Why a text is not an amount of a currency.</summary>
public enum MoneyError
{
    /// <summary>It is one.</summary>
    None,

    /// <summary>Not ASCII digits with at most one point between digits: spaces, exponents, thousands separators, nothing at all.</summary>
    NotANumber,

    /// <summary>More digits after the point than the currency has, even when they are zeros: amounts are never rounded.</summary>
    TooManyDecimals,

    /// <summary>A number behind a plus or minus sign: direction is told by a field, never by a sign.</summary>
    [SuppressMessage("Naming", "CA1720", Justification = "The word is about the sign of a number, not about an integer type.")]
    Signed,

    /// <summary>More minor units than 64 bits hold.</summary>
    TooLarge,
}
