namespace Banking.Benchmarks;

/// <summary>One measured scenario.</summary>
/// <param name="Conflicts">Groups or transactions that PostgreSQL rolled back.</param>
/// <param name="BytesPerTransfer">Growth of the database over all transfers accepted.</param>
/// <param name="Conserved">Whether all money of the bank is still there, by one statement over the log and one over the states.</param>
internal sealed record Row(
    string Name,
    int Callers,
    string Loop,
    double AcceptedPerSecond,
    double RefusedPerSecond,
    long Errors,
    double P50Ms,
    double P99Ms,
    double MaxMs,
    long Conflicts,
    long Commits,
    double BytesPerTransfer,
    long ProjectionLagEvents,
    long OutboxLagEvents,
    bool Conserved);
