namespace Banking.Accounts.Statements;

/// <summary>The limits of statements.</summary>
public sealed record StatementLimits
{
    /// <summary>Longer statements would take too much memory.</summary>
    public int MaxEntries { get; init; } = 100_000;
}
