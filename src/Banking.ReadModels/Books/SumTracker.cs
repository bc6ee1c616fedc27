using System.Globalization;
using System.Numerics;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.ReadModels.Books;

/// <summary>
/// Knows what the sums of a table must be, by having added up the rows that they sum, a few thousand at a time, each once: so that
/// asking whether they are right costs what came since it was asked last, and the sums themselves, and never a day of a busy bank at once.
/// </summary>
public sealed class SumTracker(ReadModel model, ReadTable table, int chunk = SumTracker.Chunk)
{
    /// <summary>Positions that are added up by one statement: a few milliseconds.</summary>
    public const int Chunk = 5_000;

    /// <summary>How long it rests after each, in times that it took: who works beside it keeps nine tenths.</summary>
    private const int Rest = 9;

    private readonly Dictionary<string, BigInteger[]> _sums = new(StringComparer.Ordinal);
    private int _generation;
    private long _position;

    /// <summary>The table whose sums it knows.</summary>
    public string Table => table.Name;

    /// <summary>Whether all that was added up was so since it was last compared: what differs now is no old mistake.</summary>
    public bool IsFresh { get; private set; } = true;

    /// <summary>Adds up what is new in the serving generation, but for less than is added up by one statement.</summary>
    /// <param name="atMost">How long; what is left is for the next time.</param>
    /// <returns>Whether it got there before the time was over; false too where no generation serves that this version of the bank
    /// writes.</returns>
    public async Task<bool> FollowAsync(ReadModelConnections connections, TimeSpan atMost, TimeProvider clock, CancellationToken ct)
    {
        var since = clock.GetTimestamp();
        while (true)
        {
            var begun = clock.GetTimestamp();
            await using (var connection = await connections.OpenAsync(ct))
            {
                // Asked each time: what came while it rested is not to be left to one last statement.
                if (
                    await Generation.ActiveAsync(connection, model.Name, locked: false, ct) is not { } serving
                    || serving.ModelVersion != model.Version)
                {
                    return false;
                }

                // Behind where it was is another log, or a restored one.
                if (serving.Number != _generation || serving.Position < _position)
                {
                    Forget();
                    _generation = serving.Number;
                }

                if (serving.Position - _position <= chunk)
                {
                    return true;
                }

                await AddAsync(connection, _position + chunk, ct);
            }

            if (clock.GetElapsedTime(since) > atMost)
            {
                return false;
            }

            await Task.Delay(clock.GetElapsedTime(begun) * Rest, clock, ct);
        }
    }

    /// <summary>Compares in one moment, that of the snapshot.</summary>
    public async Task<IReadOnlyList<Difference>> CompareAsync(NpgsqlConnection snapshot, Generation serving, CancellationToken ct)
    {
        if (serving.Number != _generation || serving.Position < _position)
        {
            // Another one serves since a moment ago: next time.
            return [];
        }

        await AddAsync(snapshot, serving.Position, ct);
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
                .Take(Comparison.Most)
                .Select(k => new Difference(model.Name, table.Name, null, Text(k, expected), Text(k, found))),
        ];
    }

    /// <summary>Begins anew: rows that were added up were not what they should have been.</summary>
    public void Forget()
    {
        _sums.Clear();
        _position = 0;
        IsFresh = true;
    }

    private ReadTables Tables => ReadTables.Generation(model, _generation);

    private async Task AddAsync(NpgsqlConnection connection, long upTo, CancellationToken ct)
    {
        foreach (var (key, texts) in await ReadAsync(connection, table.Derivation!.Between(Tables, _position, upTo), ct))
        {
            var added = Array.ConvertAll(texts, t => BigInteger.Parse(t, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture));
            _sums[key] = _sums.TryGetValue(key, out var sum) ? [.. sum.Zip(added, (a, b) => a + b)] : added;
        }

        _position = upTo;
    }

    /// <summary>As text: what somebody wrote into the table of sums is compared and shown, whatever number it is.</summary>
    private async Task<Dictionary<string, string[]>> ReadAsync(NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"select jsonb_build_array({table.Key})::text, array[{string.Join(", ", table.Derivation!.Sums.Select(s => $"trim_scale({s}::numeric)::text"))}] from ({sql}) r",
            connection)
        {
            CommandTimeout = 0,
        };
        await using var reader = await command.ExecuteReaderAsync(ct);
        var rows = new Dictionary<string, string[]>(StringComparer.Ordinal);
        while (await reader.ReadAsync(ct))
        {
            rows[reader.GetString(0)] = reader.GetFieldValue<string[]>(1);
        }

        return rows;
    }

    private string? Text(string key, Dictionary<string, string[]> rows) => rows.TryGetValue(key, out var sums)
        ? $"{key}: " + string.Join(", ", table.Derivation!.Sums.Zip(sums, (name, sum) => $"{name} {sum}"))
        : null;
}
