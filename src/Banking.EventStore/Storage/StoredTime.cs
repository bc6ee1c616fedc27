namespace Banking.EventStore.Storage;

/// <summary>
/// SQL for a time that is stored as text, such as a member of a JSON document. PostgreSQL fails the whole statement if it casts a text that
/// is no time, for instance a forged one.
/// </summary>
public static class StoredTime
{
    private const string Date =
        "[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
        + "|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29";

    private const string TimeOfDay =
        "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])";

    /// <summary>The times that the bank writes, with any offset. Whatever matches can be cast.</summary>
    private const string Pattern = $"^(?!0000)({Date})T{TimeOfDay}$";

    /// <summary>The time of a text; null if the text is no time.</summary>
    /// <param name="text">SQL for the text.</param>
    public static string Of(string text) => $"case when {text} ~ '{Pattern}' then ({text})::timestamptz end";
}
