using System.Buffers.Binary;
using Banking.Commands.Decisions;
using Banking.EventStore.Storage;
using Banking.SharedKernel;
using Npgsql;

namespace Banking.Commands.Receipts;

/// <summary>
/// Finds out to whom a receipt belongs that was found under the scope of earlier versions. That scope had the subject of the token but
/// not its customer, so the same subject with another customer would get the answer. The stream of the command's events, or of its
/// refusal, shows the owner.
/// </summary>
public sealed class EarlierReceipts(NpgsqlDataSource source, IEnumerable<IStreamAccess> access)
{
    /// <summary>Maximum distance of the time in a refusal's id from the time at which it was recorded.</summary>
    private static readonly TimeSpan MaxIdDistance = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The stream of each receipt, in one statement. For an accepted command: the stream of the event that is the command's resource,
    /// which the location names; the last event, which the receipt names, may lie on the stream of another owner. For a refused command:
    /// the stream that the refusal names.
    /// </summary>
    private const string Streams =
        $"""
        select i.place, s.id, s.type from unnest($1::int[], $2::uuid[], $3::uuid[]) as i(place, resource, event)
        cross join lateral (
            select e.stream_id from {SchemaNames.Events}.mt_events e where e.id in (i.resource, i.event)
            order by e.id = i.resource desc limit 1) e
        join {SchemaNames.Streams} s on s.id = e.stream_id
        union all
        select i.place, s.id, s.type
        from unnest($4::int[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])
            as i(place, lowest, highest, key, former_key, actor, operation, former_operation)
        cross join lateral (
            select r.data ->> 'streamId' as stream_id from {CommandsModule.RefusalTable} r
            where r.id between i.lowest and i.highest and r.data ->> 'idempotencyKey' in (i.key, i.former_key)
                and r.data ->> 'actor' = i.actor and r.data ->> 'operation' in (i.operation, i.former_operation) limit 1) r
        join {SchemaNames.Streams} s on s.id = r.stream_id::uuid
        """;

    /// <summary>
    /// Returns for each receipt whether the caller of the context may see its stream; null if the stream cannot be found.
    /// </summary>
    public async Task<IReadOnlyList<bool?>> AreVisibleAsync(IReadOnlyList<(Receipt Receipt, CommandContext Context)> asked)
    {
        var answers = new bool?[asked.Count];
        int[] open = [.. Enumerable.Range(0, asked.Count).Where(i => !asked[i].Context.Caller.IsStaff)];
        foreach (var i in Enumerable.Range(0, asked.Count).Except(open))
        {
            answers[i] = true;
        }

        if (open.Length == 0)
        {
            return answers;
        }

        foreach (var ofType in (await StreamsAsync(asked, open)).GroupBy(s => s.Type))
        {
            if (access.FirstOrDefault(a => a.StreamType == ofType.Key) is { } streamAccess)
            {
                var streams = ofType.ToList();
                var allowed = await streamAccess.MaySeeAsync(
                    [.. streams.Select(s => (asked[s.Place].Context.Caller, s.Id))], CancellationToken.None);
                foreach (var (stream, isAllowed) in streams.Zip(allowed))
                {
                    answers[stream.Place] = isAllowed;
                }
            }
        }

        return answers;
    }

    private async Task<List<(int Place, Guid Id, string Type)>> StreamsAsync(
        IReadOnlyList<(Receipt Receipt, CommandContext Context)> asked, int[] open)
    {
        int[] accepted = [.. open.Where(i => asked[i].Receipt is { IsAccepted: true, EventId: not null })],
            refused = [.. open.Except(accepted)];
        T[] Of<T>(int[] places, Func<Receipt, CommandContext, T> value) =>
            [.. places.Select(i => value(asked[i].Receipt, asked[i].Context))];
        var streams = await source.ListAsync(
            Streams,
            [
                accepted,
                Of(accepted, (r, _) => Resource(r)),
                Of(accepted, (r, _) => r.EventId!.Value),
                refused,
                Of(refused, (r, _) => RefusalsAbout(r.RecordedAt).Lowest),
                Of(refused, (r, _) => RefusalsAbout(r.RecordedAt).Highest),
                Of(refused, (_, c) => c.IdempotencyKey),
                Of(refused, (_, c) => c.FormerKey ?? c.IdempotencyKey),
                Of(refused, (_, c) => c.Caller.Actor),
                Of(refused, (_, c) => c.Operation),
                Of(refused, (_, c) => c.FormerOperation ?? c.Operation),
            ],
            row => (Place: row.GetInt32(0), Id: row.GetGuid(1), Type: row.GetOrDefault<string>(2)!),
            CancellationToken.None);
        return [.. streams.Where(s => s.Type is not null)];
    }

    private static Guid Resource(Receipt receipt) =>
        receipt.Location is { Length: > 32 } location && Exact.TryId(location.AsSpan(location.Length - 32), out var id)
            ? id
            : receipt.EventId!.Value;

    /// <summary>The range of the ids of refusals that were recorded about a time.</summary>
    internal static (Guid Lowest, Guid Highest) RefusalsAbout(DateTimeOffset recordedAt) =>
        (LowestId(recordedAt - MaxIdDistance), LowestId(recordedAt + MaxIdDistance));

    /// <summary>Returns the lowest id that a clock at this time makes: UUID version 7 begins with the milliseconds.</summary>
    internal static Guid LowestId(DateTimeOffset time)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        BinaryPrimitives.WriteInt64BigEndian(bytes, time.ToUnixTimeMilliseconds() << 16);
        return new(bytes, bigEndian: true);
    }
}
