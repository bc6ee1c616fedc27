using System.Buffers.Binary;
using Banking.Platform.Security;
using Banking.SharedKernel;
using Marten;
using Npgsql;

namespace Banking.Platform.Commands;

/// <summary>
/// Whose a receipt is that was found under the scope of earlier versions. That scope named the subject of the token but not the customer in it, so
/// the same subject with another customer would get it. What the command was about tells: its events, or its refusal, lie in a stream.
/// </summary>
public sealed class FormerReceipts(NpgsqlDataSource source, IDocumentStore store, IEnumerable<IStreamAccess> access)
{
    /// <summary>How far the id of a refusal, which holds a time, may be from the time at which it was recorded.</summary>
    private static readonly TimeSpan Around = TimeSpan.FromMinutes(5);

    private readonly string _streamOfEvent =
        $"""
        select s.id, s.type from {store.Options.Events.DatabaseSchemaName}.mt_events e join {store.Options.Events.DatabaseSchemaName}.mt_streams s on s.id = e.stream_id
        where e.id = any($1) order by e.id = $2 desc limit 1
        """;

    private readonly string _streamOfRefusal =
        $"""
        select s.id, s.type from {PlatformModule.RefusalTable} r join {store.Options.Events.DatabaseSchemaName}.mt_streams s on s.id = (r.data ->> 'streamId')::uuid
        where r.id between $1 and $2 and r.data ->> 'idempotencyKey' = any($3) and r.data ->> 'actor' = $4 and r.data ->> 'operation' = any($5) limit 1
        """;

    /// <summary>Whether the caller may know of what the receipt is about; null where that cannot be found out.</summary>
    public async Task<bool?> IsOfCallerAsync(Receipt receipt, CommandContext context)
    {
        ArgumentNullException.ThrowIfNull(receipt);
        ArgumentNullException.ThrowIfNull(context);
        if (context.Caller.IsStaff)
        {
            return true;
        }

        var stream = receipt.EventId is { } eventId ? await StreamOfEventAsync(receipt, eventId) : await StreamOfRefusalAsync(receipt, context);
        return stream is { } about && access.FirstOrDefault(a => a.StreamType == about.Type) is { } gate
            ? await gate.MaySeeAsync(context.Caller, about.Id, CancellationToken.None)
            : null;
    }

    /// <summary>
    /// The event that is the command as a resource, which the location names, lies on the stream of who gave it; the last event, which a receipt
    /// knows, is of a transfer the payee's.
    /// </summary>
    private async Task<(Guid Id, string Type)?> StreamOfEventAsync(Receipt receipt, Guid eventId)
    {
        var resource = receipt.Location is { Length: > 32 } location && Exact.TryId(location.AsSpan(location.Length - 32), out var id) ? id : eventId;
        return await StreamAsync(_streamOfEvent, [new[] { resource, eventId }, resource]);
    }

    private Task<(Guid Id, string Type)?> StreamOfRefusalAsync(Receipt receipt, CommandContext context) => StreamAsync(
        _streamOfRefusal,
        [
            First(receipt.RecordedAt - Around), First(receipt.RecordedAt + Around), new[] { context.IdempotencyKey, context.FormerKey ?? context.IdempotencyKey },
            context.Caller.Actor, new[] { context.Operation, context.FormerOperation ?? context.Operation },
        ]);

    private async Task<(Guid Id, string Type)?> StreamAsync(string sql, object[] values)
    {
        await using var command = source.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        await using var reader = await command.ExecuteReaderAsync();
        return await reader.ReadAsync() && !await reader.IsDBNullAsync(1) ? (reader.GetGuid(0), reader.GetString(1)) : null;
    }

    /// <summary>The lowest id that a clock at this time gives: UUID version 7 begins with the milliseconds.</summary>
    private static Guid First(DateTimeOffset time)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        BinaryPrimitives.WriteInt64BigEndian(bytes, time.ToUnixTimeMilliseconds() << 16);
        return new(bytes, bigEndian: true);
    }
}
