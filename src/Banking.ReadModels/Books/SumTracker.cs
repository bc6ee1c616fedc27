using System.Globalization;
using System.Numerics;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.ReadModels.Books;

/// <summary>
/// Computes the expected sums of a table incrementally: it adds each summed row once, a few thousand rows per statement. A check then costs
/// only the new rows and the sums themselves, never a scan of a whole day of a busy bank.
/// </summary>
public sealed class SumTracker(ReadModel model, ReadTable table, int chunk = SumTracker.Chunk)
{
    /// <summary>Positions that one statement adds: a few milliseconds.</summary>
    public const int Chunk = 5_000;

    /// <summary>Pause after each statement, as a multiple of its duration: other work keeps nine tenths of the database.</summary>
    private const int PauseFactor = 9;

    private readonly Dictionary<string, BigInteger[]> _sums = new(StringComparer.Ordinal);
    private int _generation;
    private long _position;

    /// <summary>The table of the sums.</summary>
    public string Table => table.Name;

    /// <summary>Whether all rows were added since the last reset, without a comparison: a difference is then not an outdated one.</summary>
    public bool IsFresh { get; private set; } = true;

    /// <summary>Adds the new rows of the active version, and leaves at most one chunk.</summary>
    /// <param name="maxDuration">The maximum duration; the rest is left for the next call.</param>
    /// <returns>Whether it finished in time; false too if this version of the bank does not write the active version.</returns>
    public async Task<bool> CatchUpAsync(ReadModelConnections connections, TimeSpan maxDuration, TimeProvider clock, CancellationToken ct)
    {
        var since = clock.GetTimestamp();
        while (true)
        {
            var begun = clock.GetTimestamp();
            await using (var connection = await connections.OpenAsync(ct))
            {
                // Read again each time: events that arrived during the pause must not pile up for the last statement.
                if (
                    await Generation.ActiveAsync(connection, model.Name, locked: false, ct) is not { } active
                    || active.ModelVersion != model.Version)
                {
                    return false;
                }

                // A lower position means another log, or a restored one.
                if (active.Number != _generation || active.Position < _position)
                {
                    Reset();
                    _generation = active.Number;
                }

                if (active.Position - _position <= chunk)
                {
                    return true;
                }

                await AddAsync(connection, _position + chunk, ct);
            }

            if (clock.GetElapsedTime(since) > maxDuration)
            {
                return false;
            }

            await Task.Delay(clock.GetElapsedTime(begun) * PauseFactor, clock, ct);
        }
    }

    /// <summary>Compares the sums within one snapshot.</summary>
    public async Task<IReadOnlyList<Difference>> CompareAsync(NpgsqlConnection snapshot, Generation active, CancellationToken ct)
    {
        if (active.Number != _generation || active.Position < _position)
        {
            // The active version changed since: compare in the next run.
            return [];
        }

        await AddAsync(snapshot, active.Position, ct);
        IsFresh = false;
        var found = await ReadAsync(snapshot, $"select * from {Tables[table.Name]}", ct);
        var expected = _sums.ToDictionary(
            s => s.Key, s => Array.ConvertAll(s.Value, sum => sum.ToString(CultureInfo.InvariantCulture)), StringComparer.Ordinal);
        return
        [
            .. expected
                .Keys.Union(found.Keys)
                .Where(k => !expected.GetValueOrDefault(k, []).SequenceEqual(found.GetValueOrDefault(k, [])))
                .Order(StringComparer.Ordinal)
                .Take(Comparison.MaxRows)
                .Select(k => new Difference(model.Name, table.Name, null, Text(k, expected), Text(k, found)) { Key = k }),
        ];
    }

    /// <summary>Starts again from the first row, because rows may have changed after they were added.</summary>
    public void Reset()
    {
        _sums.Clear();
        _position = 0;
        IsFresh = true;
    }

    private ReadTables Tables => ReadTables.Generation(model, _generation);

    private async Task AddAsync(NpgsqlConnection connection, long upTo, CancellationToken ct)
    {
        foreach (var (key, texts) in await ReadAsync(connection, table.Derivation!.QueryBetween(Tables, _position, upTo), ct))
        {
            var added = Array.ConvertAll(texts, t => BigInteger.Parse(t, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
            _sums[key] = _sums.TryGetValue(key, out var sum) ? [.. sum.Zip(added, (a, b) => a + b)] : added;
        }

        _position = upTo;
    }

    /// <summary>Reads sums as text: a forged sum may exceed every numeric type and must still be compared and shown.</summary>
    private async Task<Dictionary<string, string[]>> ReadAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        var sums = string.Join(", ", table.Derivation!.Sums.Select(s => $"trim_scale({s}::numeric)::text"));
        var rows = await connection.ListAsync(
            $"select jsonb_build_array({table.Key})::text, array[{sums}] from ({sql}) r",
            [],
            row => (Key: row.GetString(0), Sums: row.GetFieldValue<string[]>(1)),
            ct,
            timeoutSeconds: 0);
        return rows.ToDictionary(StringComparer.Ordinal);
    }

    private string? Text(string key, Dictionary<string, string[]> rows) => rows.TryGetValue(key, out var sums)
        ? $"{key}: " + string.Join(", ", table.Derivation!.Sums.Zip(sums, (name, sum) => $"{name} {sum}"))
        : null;
}
