namespace Banking.SharedKernel;

/// <summary>What a text says about a point in time: exactly one of the four cases below.</summary>
public abstract record InstantResult
{
    private InstantResult()
    {
    }

    /// <summary>One point in time.</summary>
    /// <param name="Value">In UTC, offset zero.</param>
    public sealed record Instant(DateTimeOffset Value) : InstantResult;

    /// <summary>A local time that no clock showed, because clocks were put forward over it.</summary>
    /// <param name="Before">Before the jump: 02:30 in a gap from 02:00 to 03:00 gives 01:30, with the offset of then.</param>
    /// <param name="After">After the jump, where a clock nobody had put forward leads: 03:30, with the offset of then.</param>
    public sealed record Skipped(DateTimeOffset Before, DateTimeOffset After) : InstantResult;

    /// <summary>A local time that clocks showed twice, because they were put back.</summary>
    /// <param name="Earlier">The first time, with the offset clocks had then.</param>
    /// <param name="Later">The second time, with the offset clocks had then.</param>
    public sealed record Doubled(DateTimeOffset Earlier, DateTimeOffset Later) : InstantResult;

    /// <summary>The text cannot be understood.</summary>
    /// <param name="Why">A sentence for its author, saying what to write instead.</param>
    public sealed record Malformed(string Why) : InstantResult;
}
