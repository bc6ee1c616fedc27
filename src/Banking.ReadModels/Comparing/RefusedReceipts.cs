using Banking.Commands;
using Banking.Commands.Receipts;
using Banking.EventStore.Appending;
using Banking.EventStore.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Banking.ReadModels.Comparing;

/// <summary>
/// Finds receipts of refusals whose refusal is not in the log. A receipt does not name it, but says when it was recorded, and its id is
/// made of the caller, operation and key, which the event of the refusal has. The id of a refusal begins with its time, so only ids of
/// around that time are read.
/// </summary>
internal static class RefusedReceipts
{
    private static readonly string Candidates =
        $"""
        select i.receipt, e.headers ->> '{HeaderNames.Customer}', e.user_name, e.headers ->> '{HeaderNames.Operation}', e.headers ->> '{HeaderNames.IdempotencyKey}'
        from unnest($1, $2, $3, $4) as i(receipt, recorded_at, lowest, highest)
        join {SchemaNames.Events}.mt_events e on e.stream_id between i.lowest and i.highest and e.timestamp = i.recorded_at
        where e.type = '{CommandsModule.RefusedEventName}'
        """;

    /// <summary>
    /// From just around the time to a wide margin, for ids that were made while a clock was corrected. The second is asked for what the
    /// first does not find.
    /// </summary>
    private static readonly (TimeSpan Before, TimeSpan After)[] Margins =
        [(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)), (TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(5))];

    /// <summary>Those of these receipts that no refusal in the log belongs to.</summary>
    public static async Task<IReadOnlyCollection<Guid>> WithoutRefusalAsync(
        NpgsqlConnection snapshot, IReadOnlyDictionary<Guid, DateTimeOffset> receipts, CancellationToken ct)
    {
        var left = new Dictionary<Guid, DateTimeOffset>(receipts);
        foreach (var (before, after) in Margins)
        {
            foreach (var found in left.Count == 0 ? [] : await FoundAsync(snapshot, [.. left], before, after, ct))
            {
                left.Remove(found);
            }
        }

        return left.Keys;
    }

    private static async Task<HashSet<Guid>> FoundAsync(
        NpgsqlConnection snapshot, KeyValuePair<Guid, DateTimeOffset>[] receipts, TimeSpan before, TimeSpan after, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(Candidates, snapshot) { CommandTimeout = 0 };
        command.Parameters.Add(new() { Value = receipts.Select(r => r.Key).ToArray() });
        command.Parameters.Add(
            new() { Value = receipts.Select(r => r.Value).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new() { Value = receipts.Select(r => EarlierReceipts.First(r.Value - before)).ToArray() });
        command.Parameters.Add(new() { Value = receipts.Select(r => EarlierReceipts.First(r.Value + after)).ToArray() });
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
