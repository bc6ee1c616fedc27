using System.Diagnostics;
using System.Globalization;
using System.Text;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>
/// What 256 callers get, again and again from the first second of a bank on: what sets in after a while (a checkpoint, autovacuum, a look
/// of the sentinel, the kernel's writing) is seen as a step, and with <c>--profile</c> what it was. Run only when named.
/// </summary>
internal sealed class OverTime(Options options, Func<string, Task> tell, Action<Row> add)
{
    public const string Name = "over-time";

    private const int Callers = 256;
    private const int Steps = 24;

    public async Task RunAsync(BankUnderTest bank, string[] ids, NpgsqlDataSource source, long total)
    {
        var connections = await bank.ConnectAsync(Callers, "/v1/transfers");
        var texts = Enumerable.Range(0, Callers).Select(_ => new StringBuilder()).ToArray();
        var pick = Picks.Uniform(options.Accounts);
        var profile = new Profile(source, tell);
        var before = await Figures.ReadAsync(source);
        var clock = Stopwatch.StartNew();
        var steps = new List<Measured>();
        for (var step = 0; step < Steps; step++)
        {
            if (options.Profile)
            {
                await profile.BeginAsync();
            }

            var measured = await Load.ClosedAsync(Callers, TimeSpan.FromSeconds(options.Seconds), async (caller, i) =>
            {
                var (from, to) = pick(caller, i);
                var status = await connections[caller]
                    .PostAsync($"{Name}-{step}-{caller}-{i}", BankUnderTest.Transfer(texts[caller], ids[from], ids[to]));
                return status == 201 ? new(1, 0, 0)
                    : status is 422 or 409 ? new(0, 1, 0)
                    : new(0, 0, 1);
            });
            steps.Add(measured);
            await tell(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{Name,-15} until {clock.Elapsed.TotalSeconds,4:0} s {measured.Accepted / measured.Seconds,8:N0}/s  p50 {measured.P50Ms,7:0.00}  p99 {measured.P99Ms,7:0.00}  max {measured.MaxMs,8:0.00} ms"
                ));
            if (options.Profile)
            {
                await profile.EndAsync(measured.Seconds, measured.Accepted);
            }
        }

        var after = await Figures.ReadAsync(source);
        var (seconds, accepted) = (steps.Sum(s => s.Seconds), steps.Sum(s => s.Accepted));
        add(
            new(
                Name,
                Callers,
                "closed",
                Math.Round(accepted / seconds),
                Math.Round(steps.Sum(s => s.Refused) / seconds),
                steps.Sum(s => s.Errors),
                steps.Average(s => s.P50Ms),
                steps.Max(s => s.P99Ms),
                steps.Max(s => s.MaxMs),
                after.Rollbacks - before.Rollbacks,
                after.Commits - before.Commits,
                Math.Round((after.Bytes - before.Bytes) / (double)Math.Max(1, accepted)),
                after.ProjectionLag,
                after.OutboxLag,
                await BankUnderTest.ConservedAsync(source, total)));
        Array.ForEach(connections, c => c.Dispose());
    }
}
