using System.Diagnostics;
using System.Globalization;
using Banking.EmbeddedPostgres;
using Npgsql;

namespace Banking.Benchmarks;

/// <summary>
/// Measures banks of different ages in turns: transfers between the same number of accounts, each after plain SQL, balances at any instant,
/// the bytes of the database, and a vacuum of all tables. The events are copies of an imported history. Runs only when named.
/// </summary>
internal sealed class Growth(Options options, PostgresCluster cluster, RunResults results, TransferScenarios transfers)
{
    public const string Name = "growth";

    private const int Callers = 256;

    /// <summary>The number of accounts whose balances are read.</summary>
    private const int Sample = 1_000;

    public async Task RunAsync()
    {
        if (!options.Only.Contains(Name))
        {
            return;
        }

        if (options.Berka is null)
        {
            await results.PrintAsync($"{Name,-15} skipped: give a folder with a history, such as samples/history, with --berka FOLDER");
            return;
        }

        var banks = new List<Bank>();
        foreach (var size in options.Events)
        {
            banks.Add(await CreateAsync(size));
        }

        foreach (var bank in banks.Concat(banks.AsEnumerable().Reverse()))
        {
            await transfers.RunBareAsync(Callers);
            await RunTurnAsync(bank);
        }

        foreach (var bank in banks)
        {
            await bank.Source.DisposeAsync();
        }
    }

    /// <summary>Imports whole copies of the history, at least one, and opens the accounts between which money moves.</summary>
    private async Task<Bank> CreateAsync(int size)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{Name}_{size}");
        var source = await cluster.CreateSourceAsync(name, pool: 10);
        var database = cluster.ConnectionString(name);
        await HostCommand.ImportAsync(database, options.Berka!, 1);
        var copies = size / (int)await source.ReadAsync<long>("select max(seq_id) from bank.mt_events");
        if (copies > 1)
        {
            await HostCommand.ImportAsync(database, options.Berka!, copies);
        }

        using var host = await BankUnderTest.OursAsync(database);
        var ids = await host.OpenAsync(options.Accounts, (Suite.Balance / 100).ToString(CultureInfo.InvariantCulture) + ".00");
        var events = await ReadSide.WaitForReadModelsAsync(source);
        var bytes = await source.ReadAsync<long>("select pg_database_size(current_database())");
        var watch = Stopwatch.StartNew();
        await using (var vacuum = source.CreateCommand("vacuum analyze"))
        {
            vacuum.CommandTimeout = 0;
            await vacuum.ExecuteNonQueryAsync();
        }

        await results.PrintAsync(
            $"{Name,-15} {events:N0} events: {bytes / 1_000_000:N0} MB, {bytes / events:N0} bytes each; ",
            $"vacuum analyze takes {watch.Elapsed.TotalSeconds:0.0} s");
        // The accounts that were opened here have two events.
        return new(
            string.Create(CultureInfo.InvariantCulture, $"{Name}-{size}"), database, source, ids,
            await source.ReadAsync<string[]>(
                $"""
                select array_agg('acc_' || replace(id::text, '-', '')) from (
                    select account as id from accounts.entry where version = 3 order by md5(account::text) limit {Sample}) a
                """),
            await source.ReadAsync<DateTime>("select min(effective_at) from accounts.entry"),
            await source.ReadAsync<DateTime>("select max(effective_at) from accounts.entry where version > 2"));
    }

    private async Task RunTurnAsync(Bank bank)
    {
        using var host = await BankUnderTest.OursAsync(bank.Database);
        var total = (long)await bank.Source.ReadAsync<decimal>(
            "select sum((data -> 'balance' ->> 'minor')::bigint) from accounts.mt_doc_account");
        await new SingleTransfers(options, results).RunAsync(
            bank.Name, Callers, Picks.Uniform(options.Accounts), [host], bank.Ids, bank.Source, null, total);
        await ReadBalancesAsync(host, bank);
    }

    /// <summary>Reads the balance of an imported account at random instants of its history, as known at the end of the import.</summary>
    private async Task ReadBalancesAsync(BankUnderTest host, Bank bank)
    {
        using var reader = await host.ClientAsync("auditor");
        var random = new Random(1);
        async Task<Counted> Send(int caller, long i)
        {
            var at = bank.First.AddSeconds(random.NextDouble() * (bank.Last - bank.First).TotalSeconds);
            var instant = at.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);
            using var answer = await reader.GetAsync(
                $"/v1/accounts/{bank.Imported[random.Next(bank.Imported.Length)]}/balance?effectiveAt={instant}");
            // Before the account was opened there is no balance.
            return answer.IsSuccessStatusCode || (int)answer.StatusCode == StatusCodes.Status404NotFound ? new(1, 0, 0) : new(0, 0, 1);
        }

        await Load.ClosedAsync(1, options.WarmUp, Send);
        var measured = await Load.ClosedAsync(1, TimeSpan.FromSeconds(options.Seconds), Send);
        results.Add(Row.From(bank.Name + "-balance-at", 1, "closed", measured));
        await results.PrintAsync(
            $"{bank.Name}-balance-at: {measured.Accepted / measured.Seconds:N0}/s  errors {measured.Errors}  ",
            $"p50 {measured.P50Ms:0.00}  p99 {measured.P99Ms:0.00}  max {measured.MaxMs:0.00} ms");
    }

    /// <param name="Ids">The accounts between which money moves.</param>
    /// <param name="Imported">Some of the imported accounts.</param>
    /// <param name="First">The first instant of the imported history.</param>
    /// <param name="Last">Its last instant.</param>
    private sealed record Bank(
        string Name, string Database, NpgsqlDataSource Source, string[] Ids, string[] Imported, DateTime First, DateTime Last);
}
