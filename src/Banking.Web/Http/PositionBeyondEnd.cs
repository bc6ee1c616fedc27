using Banking.Commands.Decisions;

namespace Banking.Web.Http;

/// <summary>A request that names a position which the log has not reached.</summary>
public static class PositionBeyondEnd
{
    /// <summary>The answer to a position beyond the end, or null where the log has it.</summary>
    /// <param name="name">What the request calls the position.</param>
    public static Refusal? Problem(string name, long position, long end, string? pointer = null) => position <= end
        ? null
        : Refusal.Of(
            "position_beyond_end", 416,
            $"{name} is position {position}, and the log ends at {end}: it may have been restored to an earlier state.",
            ("position", position), ("end", end)) with
        { Pointer = pointer };
}
