using Banking.Commands.Decisions;

namespace Banking.Web.Http;

/// <summary>Refuses a position beyond the end of the log.</summary>
public static class PositionBeyondEnd
{
    /// <summary>The refusal, or null if the log contains the position.</summary>
    /// <param name="name">The name of the position in the request.</param>
    public static Refusal? Problem(string name, long position, long end, string? pointer = null) => position <= end
        ? null
        : Refusal.Of(
            RefusalKind.BeyondEnd, "position_beyond_end",
            $"{name} is position {position}, but the log ends at {end}; the database may have been restored to an earlier state.",
            ("position", position), ("end", end)) with
        { Pointer = pointer };
}
