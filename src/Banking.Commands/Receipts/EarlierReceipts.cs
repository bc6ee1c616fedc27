using System.Buffers.Binary;
using Banking.Commands.Decisions;
using Banking.SharedKernel;
using Marten;
using Npgsql;

namespace Banking.Commands.Receipts;

/// <summary>
/// Whose a receipt is that was found under the scope of earlier versions. That scope named the subject of the token but not the customer in
/// it, so the same subject with another customer would get it. What the command was about tells: its events, or its refusal, lie in a
/// stream.
/// </summary>
public sealed class EarlierReceipts(NpgsqlDataSource source, IDocumentStore store, IEnumerable<IStreamAccess> access)
{
    /// <summary>How far the id of a refusal, which holds a time, may be from the time at which it was recorded.</summary>
    private static readonly TimeSpan Around = TimeSpan.FromMinutes(5);

    /// <summary>
    /// The stream of each receipt, in one statement however many. Of an accepted command: the event that is the command as a resource,
    /// which the location names, lies on the stream of who gave it; the last event, which a receipt knows, is of a transfer the payee's. Of
    /// a refused one: its refusal lies in a stream.
    /// </summary>
    private readonly string _streams =
        $"""
        select i.place, s.id, s.type from unnest($1::int[], $2::uuid[], $3::uuid[]) as i(place, resource, event)
        cross join lateral (
            select e.stream_id from {store.Options.Events.DatabaseSchemaName}.mt_events e where e.id in (i.resource, i.event) order by e.id = i.resource desc limit 1) e
        join {store.Options.Events.DatabaseSchemaName}.mt_streams s on s.id = e.stream_id
        union all
        select i.place, s.id, s.type
        from unnest($4::int[], $5::uuid[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[])
            as i(place, lowest, highest, key, former_key, actor, operation, former_operation)
        cross join lateral (
            select r.data ->> 'streamId' as stream_id from {CommandsModule.RefusalTable} r
            where r.id between i.lowest and i.highest and r.data ->> 'idempotencyKey' in (i.key, i.former_key) and r.data ->> 'actor' = i.actor
                and r.data ->> 'operation' in (i.operation, i.former_operation) limit 1) r
        join {store.Options.Events.DatabaseSchemaName}.mt_streams s on s.id = r.stream_id::uuid
        """;

    /// <summary>
    /// For each receipt whether the caller of the context may know of what it is about; null where that cannot be found out.
    /// </summary>
    public async Task<IReadOnlyList<bool?>> AreOfCallersAsync(IReadOnlyList<(Receipt Receipt, CommandContext Context)> asked)
    {
        ArgumentNullException.ThrowIfNull(asked);
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
            if (access.FirstOrDefault(a => a.StreamType == ofType.Key) is { } gate)
            {
                var streams = ofType.ToList();
                var allowed = await gate.MaySeeAsync(
                    [.. streams.Select(s => (asked[s.Place].Context.Caller, s.Id))], CancellationToken.None);
                foreach (var (stream, mayOne) in streams.Zip(allowed))
                {
                    answers[stream.Place] = mayOne;
                }
            }
        }

        return answers;
    }

    private async Task<List<(int Place, Guid Id, string Type)>> StreamsAsync(
        IReadOnlyList<(Receipt Receipt, CommandContext Context)> asked, int[] open)
    {
        int[] accepted = [.. open.Where(i => asked[i].Receipt.EventId is not null)],
            refused = [.. open.Except(accepted)];
        T[] Of<T>(int[] places, Func<Receipt, CommandContext, T> value) =>
            [.. places.Select(i => value(asked[i].Receipt, asked[i].Context))];
        await using var command = source.CreateCommand(_streams);
        foreach (
            var value in (object[])
                [
                    accepted,
                    Of(accepted, (r, _) => Resource(r)),
                    Of(accepted, (r, _) => r.EventId!.Value),
                    refused,
                    Of(refused, (r, _) => First(r.RecordedAt - Around)),
                    Of(refused, (r, _) => First(r.RecordedAt + Around)),
                    Of(refused, (_, c) => c.IdempotencyKey),
                    Of(refused, (_, c) => c.FormerKey ?? c.IdempotencyKey),
                    Of(refused, (_, c) => c.Caller.Actor),
                    Of(refused, (_, c) => c.Operation),
                    Of(refused, (_, c) => c.FormerOperation ?? c.Operation),
                ])
        {
            command.Parameters.Add(new() { Value = value });
        }

        var streams = new List<(int, Guid, string)>();
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            if (!await reader.IsDBNullAsync(2))
            {
                streams.Add((reader.GetInt32(0), reader.GetGuid(1), reader.GetString(2)));
            }
        }

        return streams;
    }

    private static Guid Resource(Receipt receipt) =>
        receipt.Location is { Length: > 32 } location && Exact.TryId(location.AsSpan(location.Length - 32), out var id)
            ? id
            : receipt.EventId!.Value;

    /// <summary>The lowest id that a clock at this time gives: UUID version 7 begins with the milliseconds.</summary>
    internal static Guid First(DateTimeOffset time)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        BinaryPrimitives.WriteInt64BigEndian(bytes, time.ToUnixTimeMilliseconds() << 16);
        return new(bytes, bigEndian: true);
    }
}
