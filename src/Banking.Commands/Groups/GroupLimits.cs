namespace Banking.Commands.Groups;

/// <summary>Limits on the commands that a host decides at once.</summary>
public static class GroupLimits
{
    /// <summary>Maximum number of commands in a group. More would hold their locks for longer than a caller likes to wait.</summary>
    public const int MaxCommands = 512;

    /// <summary>Maximum number of waiting commands. A host refuses further commands as overloaded.</summary>
    public const int MaxWaiting = 8_192;

    /// <summary>
    /// Maximum number of running groups. PostgreSQL stores each on one processor, so more groups than processors only become smaller.
    /// With a single group all commands would wait for the disk.
    /// </summary>
    public static int MaxRunning { get; } = MaxRunningOn(Environment.ProcessorCount);

    /// <summary>
    /// Fewer than the connections for commands: while all groups of bookings wait for the closing of a period, the closing needs one.
    /// </summary>
    public static int MaxRunningOn(int processors) => Math.Clamp(processors, 2, 6);
}
