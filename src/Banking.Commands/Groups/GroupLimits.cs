namespace Banking.Commands.Groups;

/// <summary>How much a host decides at once.</summary>
public static class GroupLimits
{
    /// <summary>Commands of a group. More would hold their locks for longer than a caller likes to wait.</summary>
    public const int Commands = 512;

    /// <summary>Commands that wait. What comes beyond is told to come back rather than kept.</summary>
    public const int Waiting = 8_192;

    /// <summary>
    /// Groups at work at once: PostgreSQL stores each on a processor of its own. More than there are processors only makes them smaller,
    /// and with one alone everybody waits for the disk.
    /// </summary>
    public static int AtOnce { get; } = Math.Clamp(Environment.ProcessorCount, 2, 8);
}
