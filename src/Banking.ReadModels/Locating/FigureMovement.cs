namespace Banking.ReadModels.Locating;

/// <summary>A movement that a figure is the sum of.</summary>
/// <param name="Key">Identifies the movement; keys rise in the order of recording.</param>
/// <param name="Amount">Its part of the figure in minor units, signed.</param>
/// <param name="Counterparty">The other side; two bookings of one payment have the same.</param>
/// <param name="IsCorrected">Whether a later movement corrects it.</param>
/// <param name="IsLater">Whether it was recorded after the expected figure was stated; false if that time is not known.</param>
public readonly record struct FigureMovement(
    long Key, DateTimeOffset EffectiveAt, long Amount, string? Counterparty, bool IsCorrected, bool IsLater);

/// <summary>How a mistake would make the difference.</summary>
public enum MistakeRule
{
    /// <summary>All movements recorded after the figure was stated make the difference: the figure was right as it was known.</summary>
    RecordedLater,

    /// <summary>A movement whose amount is the difference was booked twice.</summary>
    DoubleBooking,

    /// <summary>A movement has exactly the amount of the difference.</summary>
    ExactAmount,

    /// <summary>A movement has half of the difference: it was booked in the wrong direction.</summary>
    WrongDirection,

    /// <summary>Two adjacent digits of an amount were exchanged.</summary>
    ExchangedDigits,

    /// <summary>An amount has a zero too many or too few.</summary>
    DecimalShift,

    /// <summary>Two movements together make the difference.</summary>
    Pair,
}

/// <summary>Movements that would explain a difference.</summary>
/// <param name="Keys">The movements; of those recorded later only the newest, and only those that were searched.</param>
/// <param name="RightAmount">What the movement would have to be, signed; null if it should not be there.</param>
public sealed record MistakeCandidate(MistakeRule Rule, IReadOnlyList<long> Keys, Int128? RightAmount, int Score);
