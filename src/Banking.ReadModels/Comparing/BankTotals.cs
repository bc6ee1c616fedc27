using System.Globalization;
using System.Text.Json;
using Banking.EventStore.Json;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>What only a look at all read models together shows.</summary>
public sealed class BankTotals(IEnumerable<ReadModel> models, Snapshots snapshots)
{
    private static readonly TimeSpan BetweenPages = TimeSpan.FromMilliseconds(37);

    private readonly IReadOnlyList<ReadModel> _models = [.. models];

    /// <summary>A read model whose progress lies behind the end of the log would pass over the events that come next.</summary>
    public Task<IReadOnlyList<Difference>> ProgressAsync(CancellationToken ct) =>
        snapshots.InAsync<IReadOnlyList<Difference>>(
            async snapshot =>
            {
                await using var command = new NpgsqlCommand(
                    $"select name, position, last from {Generation.Table}, (select coalesce(max(seq_id), 0) as last from {SchemaNames.Events}.mt_events) l "
                        + $"where state = '{GenerationState.Serving}' and position > last order by 1",
                    snapshot);
                await using var reader = await command.ExecuteReaderAsync(ct);
                var differences = new List<Difference>();
                while (await reader.ReadAsync(ct))
                {
                    differences.Add(
                        new(
                            reader.GetString(0),
                            "progress",
                            null,
                            string.Create(CultureInfo.InvariantCulture, $$"""{"atMost": {{reader.GetInt64(2)}}}"""),
                            string.Create(CultureInfo.InvariantCulture, $$"""{"position": {{reader.GetInt64(1)}}}""")));
                }

                return differences;
            },
            byKeys: true,
            ct);

    /// <summary>
    /// The totals are compared in a moment in which the models hold the same events. Under load they do between two pages; where they never
    /// do, because one is paused, there is nothing to compare.
    /// </summary>
    public async Task<IReadOnlyList<Difference>> CompareAsync(CancellationToken ct)
    {
        for (var attempt = 0; attempt < 50; attempt++)
        {
            if (await snapshots.InAsync(snapshot => TotalsAsync(snapshot, ct), byKeys: false, ct) is { } differences)
            {
                return differences;
            }

            await Task.Delay(BetweenPages, ct);
        }

        return [];
    }

    /// <returns>Null where the models hold different events at this moment.</returns>
    private async Task<IReadOnlyList<Difference>?> TotalsAsync(NpgsqlConnection snapshot, CancellationToken ct)
    {
        var asked = new List<(string Model, long Position, string Query)>();
        foreach (var model in _models)
        {
            if (await Generation.ActiveAsync(snapshot, model.Name, locked: false, ct) is { } serving
                && model.CustomerTotals(ReadTables.Generation(model, serving.Number)) is { } query)
            {
                asked.Add((model.Name, serving.Position, query));
            }
        }

        // Before anything is added up: where they hold different events there is nothing to be learnt from it.
        return asked.DistinctBy(a => a.Position).Count() > 1
            ? null
            : await TotalsAsync(snapshot, [.. asked.Select(a => (a.Model, a.Query))], ct);
    }

    private static async Task<IReadOnlyList<Difference>> TotalsAsync(
        NpgsqlConnection snapshot, IReadOnlyList<(string Model, string Query)> asked, CancellationToken ct)
    {
        var totals = new List<(string Model, string Totals)>();
        foreach (var (model, query) in asked)
        {
            totals.Add((model, JsonSerializer.Serialize(await ReadModel.SumsByCurrencyAsync(snapshot, query, ct), ApiJson.Options)));
        }

        return
        [
            .. totals
                .Skip(1)
                .Where(t => t.Totals != totals[0].Totals)
                .Select(t => new Difference(t.Model, "totals", null, totals[0].Totals, t.Totals)),
        ];
    }
}
