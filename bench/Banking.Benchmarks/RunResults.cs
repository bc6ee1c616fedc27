using System.Globalization;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>Collects the rows of all scenarios and prints progress: to standard output, or to standard error with --json.</summary>
internal sealed class RunResults(Options options)
{
    private readonly List<Row> _rows = [];

    public IReadOnlyList<Row> Rows => _rows;

    public bool Conserved => _rows.All(r => r.Conserved && (r.Errors == 0 || Alternatives.MayConflict(r.Name)));

    public void Add(Row row) => _rows.Add(row);

    /// <summary>Replaces the last row.</summary>
    public void Amend(Func<Row, Row> change) => _rows[^1] = change(_rows[^1]);

    /// <summary>Adds and prints the row of a scenario that has just ended.</summary>
    public async Task AddAsync(
        string name, int callers, string loop, Measured measured, Figures before, NpgsqlDataSource source, Task<bool> conserved)
    {
        var after = await Figures.ReadAsync(source);
        var row = Row.From(name, callers, loop, measured).With(before, after, measured.Accepted) with { Conserved = await conserved };
        _rows.Add(row);
        await PrintAsync(
            $"{row.Name,-15} {row.Callers,4} {row.Loop,-6} {row.AcceptedPerSecond,8:N0}/s  refused {row.RefusedPerSecond,6:N0}/s  ",
            $"errors {row.Errors,3}  p50 {row.P50Ms,7:0.00}  p99 {row.P99Ms,7:0.00}  max {row.MaxMs,8:0.00} ms  ",
            $"conflicts {row.Conflicts,4}  commits {row.Commits,7:N0}  {row.BytesPerTransfer,5:N0} B  conserved {row.Conserved}");
    }

    /// <summary>Prints one line made of several parts.</summary>
    public Task PrintAsync(params FormattableString[] parts) =>
        (options.Json ? Console.Error : Console.Out).WriteLineAsync(
            string.Concat(parts.Select(part => part.ToString(CultureInfo.InvariantCulture))));
}
