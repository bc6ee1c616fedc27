using System.Diagnostics;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>
/// Measures 256 callers repeatedly from the start of a bank. Effects that begin later, such as checkpoints, autovacuum, checks of the
/// sentinel and the kernel's writes, show as steps. <c>--profile</c> shows their cause. Runs only when named.
/// </summary>
internal sealed class OverTime(Options options, RunResults results)
{
    public const string Name = "over-time";

    private const int Callers = 256;
    private const int Steps = 24;

    public async Task RunAsync(BankUnderTest bank, string[] ids, NpgsqlDataSource source, long total)
    {
        var connections = await bank.ConnectAsync(Callers, "/v1/transfers");
        var pick = Picks.Uniform(options.Accounts);
        var profile = new Profile(source, results);
        var before = await Figures.ReadAsync(source);
        var clock = Stopwatch.StartNew();
        var steps = new List<Measured>();
        for (var step = 0; step < Steps; step++)
        {
            var send = SingleTransfers.Sender(connections, pick, ids, $"{Name}-{step}");
            var measured = await profile.MeasureAsync(
                options.Profile, () => Load.ClosedAsync(Callers, TimeSpan.FromSeconds(options.Seconds), send));
            steps.Add(measured);
            await results.PrintAsync(
                $"{Name,-15} until {clock.Elapsed.TotalSeconds,4:0} s {measured.Accepted / measured.Seconds,8:N0}/s  ",
                $"p50 {measured.P50Ms,7:0.00}  p99 {measured.P99Ms,7:0.00}  max {measured.MaxMs,8:0.00} ms");
        }

        var after = await Figures.ReadAsync(source);
        var whole = Sum(steps);
        results.Add(Row.From(Name, Callers, "closed", whole).With(before, after, whole.Accepted) with
        {
            Conserved = await BankUnderTest.ConservedAsync(source, total),
        });
        Array.ForEach(connections, c => c.Dispose());
    }

    private static Measured Sum(List<Measured> steps) => new(
        steps.Sum(s => s.Seconds),
        steps.Sum(s => s.Accepted),
        steps.Sum(s => s.Refused),
        steps.Sum(s => s.Errors),
        steps.Average(s => s.P50Ms),
        steps.Max(s => s.P99Ms),
        steps.Max(s => s.MaxMs));
}
