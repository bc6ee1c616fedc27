using System.Globalization;
using System.Text.Json;
using Banking.EventStore.Json;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>Compares read models with each other.</summary>
public sealed class BankTotals(IEnumerable<ReadModel> models, Snapshots snapshots)
{
    private const int MaxAttempts = 50;

    private static readonly TimeSpan BetweenAttempts = TimeSpan.FromMilliseconds(37);

    private readonly IReadOnlyList<ReadModel> _models = [.. models];

    /// <summary>Finds read models whose position is beyond the end of the log: they would skip the next events.</summary>
    public Task<IReadOnlyList<Difference>> ProgressAsync(CancellationToken ct) =>
        snapshots.InAsync(
            snapshot => snapshot.ListAsync(
                $"""
                select name, position, last
                from {Generation.Table}, (select coalesce(max(seq_id), 0) as last from {SchemaNames.Events}.mt_events) l
                where state = '{GenerationState.Active}' and position > last order by 1
                """,
                [],
                row => new Difference(
                    row.GetString(0),
                    "progress",
                    null,
                    string.Create(CultureInfo.InvariantCulture, $$"""{"atMost": {{row.GetInt64(2)}}}"""),
                    string.Create(CultureInfo.InvariantCulture, $$"""{"position": {{row.GetInt64(1)}}}""")),
                ct),
            byKeys: true,
            ct);

    /// <summary>
    /// Compares the customers' totals of the models, in a snapshot in which they include the same events. Under load this happens between
    /// two pages.
    /// </summary>
    /// <returns>Null if nothing was compared, because no such snapshot was found: a model is paused, for instance.</returns>
    public async Task<IReadOnlyList<Difference>?> CompareAsync(CancellationToken ct)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            if (await snapshots.InAsync(snapshot => TotalsAsync(snapshot, ct), byKeys: false, ct) is { } differences)
            {
                return differences;
            }

            await Task.Delay(BetweenAttempts, ct);
        }

        return null;
    }

    /// <returns>Null if the models include different events in this snapshot.</returns>
    private async Task<IReadOnlyList<Difference>?> TotalsAsync(NpgsqlConnection snapshot, CancellationToken ct)
    {
        var queries = new List<(string Model, long Position, string Query)>();
        foreach (var model in _models)
        {
            if (await Generation.ActiveAsync(snapshot, model.Name, locked: false, ct) is { } active
                && model.CustomerTotals(ReadTables.Generation(model, active.Number)) is { } query)
            {
                queries.Add((model.Name, active.Position, query));
            }
        }

        // Check before the expensive queries: totals of different events cannot be compared.
        if (queries.DistinctBy(q => q.Position).Count() > 1)
        {
            return null;
        }

        var totals = new List<(string Model, SortedDictionary<string, string> Sums)>();
        foreach (var (model, _, query) in queries)
        {
            totals.Add((model, await ReadModel.SumsByCurrencyAsync(snapshot, query, ct)));
        }

        return [.. totals.Skip(1).SelectMany(t => Compare(t.Model, totals[0].Sums, t.Sums))];
    }

    /// <summary>Compares currency by currency, so that a second one that differs later is a new difference.</summary>
    private static IEnumerable<Difference> Compare(
        string model, SortedDictionary<string, string> expected, SortedDictionary<string, string> found) =>
        expected.Keys.Union(found.Keys).Order(StringComparer.Ordinal)
            .Where(c => expected.GetValueOrDefault(c) != found.GetValueOrDefault(c))
            .Select(c => new Difference(model, "totals", null, Text(c, expected), Text(c, found)) { Key = c });

    private static string? Text(string currency, SortedDictionary<string, string> sums) =>
        sums.TryGetValue(currency, out var sum)
            ? JsonSerializer.Serialize(new Dictionary<string, string> { [currency] = sum }, ApiJson.Options)
            : null;
}
