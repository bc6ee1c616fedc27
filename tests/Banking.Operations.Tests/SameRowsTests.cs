using Banking.Commands.Operators;
using Banking.EventStore.Log;
using Banking.ReadModels.Books;
using Banking.Testing;
using JasperFx.Events;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>
/// Any history gives the same rows, incrementally in any pages or by a rebuild, and they equal the bank's own folds.
/// </summary>
public sealed class SameRowsTests(ProbedBank bank, ITestOutputHelper output) : IClassFixture<ProbedBank>
{
    private static readonly string[] Models = ["entries", "ledger", "audit"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task The_same_log_gives_the_same_rows_in_any_pages_live_and_rebuilt(int seed)
    {
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await new RandomHistory(bank, seed).RunAsync(60);
        var log = bank.Host.Services.GetRequiredService<LogReader>();
        var end = (await bank.QueryAsync<long>("select max(seq_id) from bank.mt_events"))[0];
        var events = (await log.ReadAsync(0, end, CancellationToken.None)).Events;

        foreach (var model in bank.Host.Services.GetServices<ReadModel>().Where(m => Models.Contains(m.Name)))
        {
            await bank.ExecuteAsync("drop schema if exists paged cascade; create schema paged");
            await using var connection = await bank.Owner.OpenConnectionAsync();
            var tables = ReadTables.In("paged");
            await ReadModelSchema.CreateAsync(connection, model, tables);
            foreach (var page in Pages(events, random))
            {
                await model.ProjectAsync(new RowWriter(connection, sums: true), tables, page, CancellationToken.None);
            }

            foreach (var table in model.Tables)
            {
                var paged = await RowsAsync($"paged.{table.Name}");
                Assert.NotEmpty(paged);
                Assert.Equal(paged, await RowsAsync($"{model.Schema}.{table.Name}"));
            }
        }

        var verified = await bank.Verification.RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None);
        Assert.Empty(verified.Differences);
        Assert.Equal(events.Count, verified.Events);

        // A rebuild becomes active only if its rows equal those of the active generation.
        Assert.NotNull(
            await bank.Rebuild.RequestAsync(
                [.. bank.Host.Services.GetServices<ReadModel>().Where(m => Models.Contains(m.Name))],
                OperatorAction.OfTheBank("property"),
                CancellationToken.None));
        await Eventually.UntilAsync(
            () =>
                bank.QueryAsync<string>(
                    "select distinct on (name) state from platform.read_model where name = any($1) order by name, generation desc",
                    (object)Models),
            states => states is ["serving", "serving", "serving"]);
    }

    private static IEnumerable<IReadOnlyList<IEvent>> Pages(IReadOnlyList<IEvent> events, Random random)
    {
        for (var i = 0; i < events.Count;)
        {
            var size = random.Next(0, 3) switch { 0 => 1, 1 => random.Next(1, 20), _ => random.Next(1, 900) };
            yield return [.. events.Skip(i).Take(size)];
            i += size;
        }
    }

    private async Task<List<string>> RowsAsync(string table) => await bank.QueryAsync<string>($"select t::text from {table} t order by 1");
}
