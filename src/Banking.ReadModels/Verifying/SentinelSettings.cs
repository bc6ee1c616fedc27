namespace Banking.ReadModels.Verifying;

/// <summary>How often the sentinel runs, and how much a run compares. Section Banking:Sentinel of the settings.</summary>
public sealed record SentinelSettings
{
    /// <summary>Seconds from the start of one run to the next.</summary>
    public double IntervalSeconds { get; init; } = 30;

    /// <summary>Maximum number of streams that a run compares in turn, in addition to those that changed last.</summary>
    public int Streams { get; init; } = 50;

    /// <summary>
    /// Maximum number of events that a run compares of these streams, and again of the streams that changed last. A bank with long streams
    /// has the same load per run, and a full cycle takes longer. The first stream is always compared.
    /// </summary>
    public int Events { get; init; } = 2_500;

    /// <summary>
    /// Maximum length of a stream that a run compares row by row. Of a longer stream it compares only the last events; <c>verify --full</c>
    /// compares all of them.
    /// </summary>
    public int LargestStream { get; init; } = 5_000;

    /// <summary>Positions of the log that a run searches in turn for orphan rows.</summary>
    public int Positions { get; init; } = 5_000;

    /// <summary>Number of runs from one comparison over the whole bank to the next.</summary>
    public int BankEvery { get; init; } = 10;

    /// <summary>
    /// Seconds after the end of the last run when the next one is overdue. The default is three intervals and 15 seconds.
    /// </summary>
    public double? OverdueSeconds { get; init; }

    /// <summary>The error in these settings, as a sentence; null if they are valid.</summary>
    public string? Wrong =>
        !IsPeriod(IntervalSeconds) || (OverdueSeconds is { } overdue && !IsPeriod(overdue))
            ? "IntervalSeconds and OverdueSeconds must be from 0.001 to 1000000."
        : this is { Streams: > 0, Events: > 0, LargestStream: > 0, Positions: > 0, BankEvery: > 0 } ? null
        : "Streams, Events, LargestStream, Positions and BankEvery must be above 0.";

    private static bool IsPeriod(double seconds) => seconds is >= 0.001 and <= 1_000_000;

    /// <summary>Time after the end of the last run when the next one is overdue.</summary>
    internal TimeSpan Overdue => TimeSpan.FromSeconds(OverdueSeconds ?? ((3 * IntervalSeconds) + 15));
}
