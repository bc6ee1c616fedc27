namespace Banking.Benchmarks;

/// <summary>The result of one scenario.</summary>
/// <param name="Conflicts">The number of groups or transactions that PostgreSQL rolled back.</param>
/// <param name="BytesPerTransfer">The growth of the database per accepted transfer.</param>
/// <param name="Conserved">True if the sum of all money is unchanged, in the log and in the states.</param>
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
    long Conflicts = 0,
    long Commits = 0,
    double BytesPerTransfer = 0,
    long ProjectionLagEvents = 0,
    long OutboxLagEvents = 0,
    bool Conserved = true)
{
    public static Row From(string name, int callers, string loop, Measured measured) => new(
        name,
        callers,
        loop,
        Math.Round(measured.Accepted / measured.Seconds),
        Math.Round(measured.Refused / measured.Seconds),
        measured.Errors,
        measured.P50Ms,
        measured.P99Ms,
        measured.MaxMs);

    /// <summary>Adds the database's figures before and after the scenario.</summary>
    public Row With(Figures before, Figures after, long accepted) => this with
    {
        Conflicts = after.Rollbacks - before.Rollbacks,
        Commits = after.Commits - before.Commits,
        BytesPerTransfer = Math.Round((after.Bytes - before.Bytes) / (double)Math.Max(1, accepted)),
        ProjectionLagEvents = after.ProjectionLag,
        OutboxLagEvents = after.OutboxLag,
    };
}
