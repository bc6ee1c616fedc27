using System.Text;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>Measures callers that send one transfer per request.</summary>
internal sealed class SingleTransfers(Options options, RunResults results)
{
    /// <param name="banks">The hosts. Callers are distributed over them.</param>
    /// <param name="rate">Requests per second of an open loop. Null for a closed loop.</param>
    /// <param name="total">The expected sum of all money.</param>
    /// <returns>Accepted transfers per second.</returns>
    public async Task<double> RunAsync(
        string name,
        int callers,
        Func<int, long, (int From, int To)> pick,
        BankUnderTest[] banks,
        string[] ids,
        NpgsqlDataSource source,
        double? rate,
        long total)
    {
        var connections = new RawHttp[callers];
        for (var i = 0; i < callers; i++)
        {
            connections[i] = await RawHttp.ConnectAsync(banks[i % banks.Length].Address, "/v1/transfers", banks[i % banks.Length].Token);
        }

        var run = $"{name}-{results.Rows.Count}-{callers}-{rate is null}";
        // The warm-up has the same rate as the measurement, so that read models are not still catching up with a faster load.
        await LoadAsync(Sender(connections, pick, ids, run + "-w"), callers, rate, options.WarmUp);
        var before = await Figures.ReadAsync(source);
        var measured = await new Profile(source, results).MeasureAsync(
            options.Profile,
            () => LoadAsync(Sender(connections, pick, ids, run + "-m"), callers, rate, TimeSpan.FromSeconds(options.Seconds)));

        await results.AddAsync(
            name, callers, rate is null ? "closed" : "open", measured, before, source, BankUnderTest.ConservedAsync(source, total));
        Array.ForEach(connections, c => c.Dispose());
        return measured.Accepted / measured.Seconds;
    }

    /// <summary>Creates the function that sends one transfer.</summary>
    /// <param name="run">A prefix of the idempotency keys. Each phase of each run needs its own.</param>
    public static Func<int, long, Task<Counted>> Sender(
        RawHttp[] connections, Func<int, long, (int From, int To)> pick, string[] ids, string run)
    {
        var texts = Enumerable.Range(0, connections.Length).Select(_ => new StringBuilder()).ToArray();
        return async (caller, i) =>
        {
            var (from, to) = pick(caller, i);
            var json = BankUnderTest.Transfer(texts[caller], ids[from], ids[to]);
            var status = await connections[caller].PostAsync($"{run}-{caller}-{i}", json);
            return status == 201 ? new(1, 0, 0)
                : status is 422 or 409 ? new(0, 1, 0)
                : new(0, 0, 1);
        };
    }

    private static Task<Measured> LoadAsync(Func<int, long, Task<Counted>> send, int callers, double? rate, TimeSpan duration) =>
        rate is { } perSecond ? Load.OpenAsync(callers, perSecond, duration, send) : Load.ClosedAsync(callers, duration, send);
}
