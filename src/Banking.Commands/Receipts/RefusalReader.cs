using System.Text.Json;
using Banking.EventStore.Appending;
using Banking.EventStore.Archive;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using JasperFx.Events;
using Marten;
using Npgsql;

namespace Banking.Commands.Receipts;

/// <summary>
/// Reads stored refusals. One that cannot be read, for instance because its recorded time is no time, is read from its event in the log,
/// which has all but the detail, the facts and the command.
/// </summary>
public sealed class RefusalReader(NpgsqlDataSource source, IDocumentStore store, ArchivedEvents archive)
{
    /// <summary>The detail of a refusal that was read from its event.</summary>
    public const string Unreadable =
        "The stored refusal cannot be read. This is what its event in the log says; detail, facts and command are missing.";

    /// <summary>Selects the columns that are read, from the table <c>d</c>.</summary>
    public const string Select = $"select d.id, d.data from {CommandsModule.RefusalTable} d ";

    private readonly ISerializer _serializer = store.Options.Serializer();
    private readonly StoredEvents _events = new(store, archive);

    /// <param name="sql">A query that begins as <see cref="Select"/>.</param>
    /// <exception cref="UnreadableEventException">Neither a refusal nor its event can be read.</exception>
    public async Task<IReadOnlyList<RecordedRefusal>> ListAsync(string sql, object?[] values, CancellationToken ct)
    {
        var found = await source.ListAsync(sql, values, row => TryRead(_serializer, row), ct);
        var failed = found.Where(f => f.Refusal is null).Select(f => f.Id).ToArray();
        var events = failed.Length == 0 ? [] : await source.ListAsync(
            StoredEvents.SelectWhole("stream_id = any($1)", "stream_id, version"), [failed], _events.ReadWhole, ct);
        return [.. found.Select(f => f.Refusal ?? OfEvent(events.FirstOrDefault(e => e.StreamId == f.Id)) ?? throw f.Failure!)];
    }

    /// <summary>Reads a refusal from a row that begins with its id and its document.</summary>
    /// <exception cref="UnreadableEventException">It cannot be read.</exception>
    public static RecordedRefusal Read(ISerializer serializer, NpgsqlDataReader row)
    {
        var (_, refusal, failure) = TryRead(serializer, row);
        return refusal ?? throw failure!;
    }

    private static (Guid Id, RecordedRefusal? Refusal, UnreadableEventException? Failure) TryRead(
        ISerializer serializer, NpgsqlDataReader row)
    {
        var id = row.GetGuid(0);
        try
        {
            return (id, serializer.FromJson<RecordedRefusal>(row, 1), null);
        }
        catch (JsonException failure)
        {
            return (id, null, new(0, id, CommandRefused.StreamType, failure));
        }
    }

    private static RecordedRefusal? OfEvent(IEvent? e)
    {
        string? Header(string name) => e!.GetHeader(name) as string;
        return e?.Data is not CommandRefused refused ? null : new()
        {
            Id = e.StreamId,
            StreamId = refused.Subject,
            StreamVersion = refused.SubjectVersion,
            Operation = refused.Operation,
            Code = refused.Code,
            Detail = Unreadable,
            Facts = "{}",
            Actor = e.UserName ?? "",
            Role = Header(HeaderNames.Role) ?? "",
            Channel = Header(HeaderNames.Channel) ?? "",
            ReasonCode = Header(HeaderNames.ReasonCode),
            ReasonText = Header(HeaderNames.ReasonText),
            CorrelationId = e.CorrelationId ?? "",
            IdempotencyKey = Header(HeaderNames.IdempotencyKey) ?? "",
            RecordedAt = e.Timestamp,
        };
    }
}
