namespace Banking.SharedKernel;

/// <summary>The result of parsing a point in time: one of the four cases below.</summary>
public abstract record InstantResult
{
    private InstantResult()
    {
    }

    /// <summary>One point in time.</summary>
    /// <param name="Value">In UTC, offset zero.</param>
    public sealed record Instant(DateTimeOffset Value) : InstantResult;

    /// <summary>A local time that no clock showed, because clocks were put forward over it.</summary>
    /// <param name="Before">The candidate before the gap: 02:30 in a gap from 02:00 to 03:00 gives 01:30, with its offset.</param>
    /// <param name="After">The candidate after the gap: 03:30, with its offset.</param>
    public sealed record Skipped(DateTimeOffset Before, DateTimeOffset After) : InstantResult;

    /// <summary>A local time that clocks showed twice, because they were put back.</summary>
    /// <param name="Earlier">The first of the two instants, with its offset.</param>
    /// <param name="Later">The second of the two instants, with its offset.</param>
    public sealed record Doubled(DateTimeOffset Earlier, DateTimeOffset Later) : InstantResult;

    /// <summary>The text is not a point in time.</summary>
    /// <param name="Why">A sentence for the author of the text that tells what to write instead.</param>
    public sealed record Malformed(string Why) : InstantResult;
}
