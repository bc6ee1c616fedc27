using System.Diagnostics;
using System.Globalization;
using Banking.EmbeddedPostgres;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>
/// Measures the archive: events of long streams move to files and leave the log; the read models are rebuilt from the log before, and from
/// the files after. Runs only when named.
/// </summary>
internal sealed class Archive(Options options, PostgresCluster cluster, RunResults results)
{
    public const string Name = "archive";

    /// <summary>After so many events an account carries its state forward. What lies before that can be archived.</summary>
    private readonly int _carriedEvery = options.Trial ? 10 : 10_000;

    public async Task RunAsync()
    {
        var database = cluster.ConnectionString("archived");
        await using var source = await cluster.CreateSourceAsync("archived", pool: 10);
        long end;
        using (var bank = await BankUnderTest.OursAsync(
            database, string.Create(CultureInfo.InvariantCulture, $"--Banking:CarryForward:Events={_carriedEvery}")))
        {
            // A little more than a multiple, so that the last carried state is near the end.
            var accounts = await bank.OpenAsync(Math.Max(1, options.Movements / (5 * _carriedEvery)), "1.00");
            await Task.WhenAll(accounts.Select(a => ManyDeposits.BookAsync(bank, a, (options.Movements / accounts.Length) + 100)));
            end = await ReadSide.WaitForReadModelsAsync(source);
            await ReadSide.MeasureRebuildAsync($"{Name}-log", bank, source, end, results);
        }

        await MeasureAsync("write", source, database, "archive", "write", "--before", Now());
        await MeasureAsync("check", source, database, "archive", "check");
        await MeasureAsync("remove", source, database, "archive", "remove");
        var bytes = await source.ReadAsync<decimal>("select coalesce(sum(bytes), 0) from platform.archive_file");
        await results.PrintAsync($"{Name,-15} the files have {bytes / 1_000_000:N1} MB");
        using var later = await BankUnderTest.OursAsync(database);
        await ReadSide.MeasureRebuildAsync($"{Name}-files", later, source, end, results);
    }

    /// <summary>Measures a command by the number of events in the files after it.</summary>
    private async Task MeasureAsync(string what, NpgsqlDataSource source, string database, params string[] command)
    {
        var watch = Stopwatch.StartNew();
        await HostCommand.RunAsync(database, command);
        var seconds = watch.Elapsed.TotalSeconds;
        var events = await source.ReadAsync<decimal>("select coalesce(sum(events), 0) from platform.archive_file");
        results.Add(new(
            $"{Name}-{what}", 1, "once", Math.Round((double)events / seconds), 0, 0, seconds * 1000, seconds * 1000, seconds * 1000,
            Conserved: events > 0));
        await results.PrintAsync(
            $"{Name,-15} {what,-6} {events:N0} events in {seconds:0.0} s with the start of the command: {(double)events / seconds:N0}/s");
    }

    private static string Now() =>
        TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
