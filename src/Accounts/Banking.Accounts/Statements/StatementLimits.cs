namespace Banking.Accounts.Statements;

/// <summary>The limits of statements.</summary>
public sealed record StatementLimits
{
    /// <summary>Longer statements would take too much memory.</summary>
    public int MaxEntries { get; init; } = 100_000;

    /// <summary>
    /// Maximum number of periods by request. The state has a line per period, and every statement of the account writes it again.
    /// </summary>
    public int MaxPeriods { get; init; } = 5_000;

    /// <summary>Number of statements of periods that a host reads at once.</summary>
    public int MaxReaders { get; init; } = 2;
}
