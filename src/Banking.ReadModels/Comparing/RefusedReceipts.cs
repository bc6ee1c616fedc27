using Banking.Commands;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Banking.ReadModels.Comparing;

/// <summary>
/// Finds receipts of refusals without an event in the log. A receipt does not name the event. But it has a recorded time, and its id is
/// derived from the caller, operation and key in the event's headers. The id of a refusal starts with its time, so the search reads only
/// ids around the recorded time.
/// </summary>
internal static class RefusedReceipts
{
    private static readonly string Candidates =
        $"""
        select i.receipt, e.headers ->> '{HeaderNames.Customer}', e.user_name,
            e.headers ->> '{HeaderNames.Operation}', e.headers ->> '{HeaderNames.IdempotencyKey}'
        from unnest($1, $2, $3, $4) as i(receipt, recorded_at, lowest, highest)
        join {SchemaNames.Events}.mt_events e on e.stream_id between i.lowest and i.highest and e.timestamp = i.recorded_at
        where e.type = '{CommandsModule.RefusedEventName}'
        """;

    /// <summary>
    /// Margins around the recorded time. The second, wide one is for ids that were created during a clock correction; it is used only for
    /// receipts that the first does not match.
    /// </summary>
    private static readonly (TimeSpan Before, TimeSpan After)[] Margins =
        [(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)), (TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5))];

    /// <summary>Selects the receipts without a refusal in the log.</summary>
    public static async Task<IReadOnlyCollection<Guid>> WithoutRefusalAsync(
        NpgsqlConnection snapshot, IReadOnlyDictionary<Guid, DateTimeOffset> receipts, CancellationToken ct)
    {
        var unmatched = new Dictionary<Guid, DateTimeOffset>(receipts);
        foreach (var (before, after) in Margins)
        {
            foreach (var found in unmatched.Count == 0 ? [] : await MatchAsync(snapshot, [.. unmatched], before, after, ct))
            {
                unmatched.Remove(found);
            }
        }

        return unmatched.Keys;
    }

    private static async Task<HashSet<Guid>> MatchAsync(
        NpgsqlConnection snapshot, KeyValuePair<Guid, DateTimeOffset>[] receipts, TimeSpan before, TimeSpan after, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Candidates, snapshot) { CommandTimeout = 0 };
        command.Parameters.Add(new() { Value = receipts.Select(r => r.Key).ToArray() });
        command.Parameters.Add(
            new() { Value = receipts.Select(r => r.Value).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new() { Value = receipts.Select(r => EarlierReceipts.LowestId(r.Value - before)).ToArray() });
        command.Parameters.Add(new() { Value = receipts.Select(r => EarlierReceipts.LowestId(r.Value + after)).ToArray() });
        var found = new HashSet<Guid>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            string? At(int i) => reader.IsDBNull(i) ? null : reader.GetString(i);
            var receipt = reader.GetGuid(0);
            if (ReceiptedEvent.IdOf(At(1), At(2), At(3), At(4)) == receipt)
            {
                found.Add(receipt);
            }
        }

        return found;
    }
}
