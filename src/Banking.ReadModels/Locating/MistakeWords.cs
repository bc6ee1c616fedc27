namespace Banking.ReadModels.Locating;

/// <summary>The rules in words.</summary>
public static class MistakeWords
{
    public static string Of(MistakeRule rule) => rule switch
    {
        MistakeRule.RecordedLater => "The figure was right as known when it was stated. All of these were recorded later.",
        MistakeRule.DoubleBooking => "The same amount with the same counterparty was booked twice within seven days.",
        MistakeRule.ExactAmount => "Its amount is the difference: it should not be here, or it is missing elsewhere.",
        MistakeRule.WrongDirection => "Its amount is half of the difference: it may have been booked in the wrong direction.",
        MistakeRule.ExchangedDigits => "Two adjacent digits of its amount may have been exchanged.",
        MistakeRule.DecimalShift => "Its amount may have a zero too many or too few.",
        MistakeRule.Pair => "Together their amounts are the difference.",
        _ => throw new InvalidOperationException($"{rule} is not a rule of the search."),
    };
}
