using System.Globalization;
using System.Text.Json;
using Banking.Commands;
using Banking.Commands.Receipts;
using Banking.EventStore.Archive;
using Banking.EventStore.Json;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using JasperFx.Events;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>
/// Compares receipts with events in both directions. The id of a receipt is derived from the caller, operation and key in its event's
/// headers. So the comparison finds a receipt that was deleted or moved to another caller, and an event whose headers were changed. A
/// receipt names its event.
/// </summary>
public sealed class ReceiptComparison(
    IEnumerable<StreamKind> kinds, IEnumerable<ReceiptRule> rules, IEnumerable<ImportRule> importRules, ArchivedEvents archive)
    : StoredComparison
{
    public const string Table = "receipt";

    /// <summary>Number of events in memory at once.</summary>
    private const int PageSize = 2_000;

    private static readonly string ReceiptsOfEvents =
        $"""
        select r.id, r.event_id, r.recorded_at, r.status, coalesce(r.body, a.body), l.id is not null,
            l.headers is not distinct from e.headers
                and l.correlation_id is not distinct from e.correlation_id and l.user_name is not distinct from e.user_name,
            f.data ->> 'code', f.data ->> 'detail', f.data ->> 'facts', f.id is not null,
            exists (select from {AnswerTable.DroppedTable} d where d.month = date_trunc('month', r.recorded_at, 'UTC')::date)
        from unnest($1, $2) with ordinality as i(receipt, position, place)
        join {SchemaNames.Events}.mt_events e on e.seq_id = i.position
        left join {ReceiptTable.Name} r on r.id = i.receipt
        left join {AnswerTable.Name} a on r.body is null and a.recorded_at = r.recorded_at and a.id = r.id
        left join {SchemaNames.Events}.mt_events l on l.id = r.event_id
        left join {CommandsModule.RefusalTable} f on f.id = e.stream_id
        order by i.place
        """;

    private static readonly string EventsOfReceipts =
        $"""
        select r.id, r.event_id, r.status, {ReceiptedEvent.Columns} from {ReceiptTable.Name} r
        left join {SchemaNames.Events}.mt_events e on e.id = r.event_id
        left join {SchemaNames.Events}.mt_streams s on s.id = e.stream_id

        """;

    private readonly string[] _streamTypes = [.. kinds.Where(k => k.HasReceipts).Select(k => k.Type)];
    private readonly IReadOnlyList<ReceiptRule> _rules = [.. rules];
    private readonly IReadOnlyList<ImportRule> _importRules = [.. importRules];

    public override string Name => "receipts";

    public override async Task<IReadOnlyList<Difference>> OfStreamsAsync(
        NpgsqlConnection snapshot, StreamSelection streams, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events, CancellationToken ct)
    {
        var differences = new List<Difference>();
        var (stream, version) = (Guid.Empty, long.MinValue);
        while (true)
        {
            var page = await PageAsync(snapshot, streams, stream, version, ct);
            differences.AddRange(await CompareAsync(snapshot, page, ct));
            if (page.Count < PageSize)
            {
                return differences;
            }

            (stream, version) = (page[^1].Stream, page[^1].Version);
        }
    }

    public override async Task<IReadOnlyList<Difference>> OfIdsAsync(NpgsqlConnection snapshot, StreamSelection ids, CancellationToken ct)
    {
        var found = await ids.ListAsync(snapshot, EventsOfReceipts + $"where {ids.On("r.id")}", [], CompareEvent, ct);
        return [.. found.OfType<Difference>().Take(Comparison.MaxRows)];
    }

    private Difference? CompareEvent(NpgsqlDataReader row)
    {
        var (id, eventId, stream) = (row.GetGuid(0), row.GetOrDefault<Guid?>(1), row.GetOrDefault<Guid?>(3));
        var brokenRule = stream is null ? EventRule(row.GetInt16(2), eventId) : IdRule(row, id);
        return brokenRule is null ? null : new(Name, Table, stream, Text(new { rule = brokenRule }), Text(new { id, eventId }), id);
    }

    /// <summary>Returns the rule that a receipt without an event in the log breaks; null if an earlier version wrote it.</summary>
    private static string? EventRule(int status, Guid? eventId) => (HttpStatus.IsProblem(status), eventId) switch
    {
        // Its refusal finds this receipt by its id.
        (true, null) => null,
        (true, _) => "its refusal is in the log",
        (false, null) => "an accepted command has an event",
        (false, _) => "its event is in the log",
    };

    /// <summary>Returns the broken rule if the receipt's id does not belong to its event; null if it does.</summary>
    private static string? IdRule(NpgsqlDataReader reader, Guid id)
    {
        string? At(int i) => reader.GetOrDefault<string>(i);
        return ReceiptedEvent.IdOf(At(17), At(10), At(12), At(13)) == id
            ? null
            : "its id is made of the caller, operation and key of its event";
    }

    private Task<IReadOnlyList<ReceiptedEvent>> PageAsync(
        NpgsqlConnection snapshot, StreamSelection streams, Guid stream, long version, CancellationToken ct) => streams.ListAsync(
        snapshot,
        $"""
        select {ReceiptedEvent.Columns}, {ImportedEvents.Columns}
        from {SchemaNames.Events}.mt_events e join {SchemaNames.Events}.mt_streams s on s.id = e.stream_id
        where {streams.OnEvents("e.stream_id", "e.version")} and s.type is not null and (e.stream_id, e.version) > ($3, $4)
        order by e.stream_id, e.version limit {PageSize}
        """,
        [stream, version],
        row => ReceiptedEvent.Read(row, archive) with
        {
            IsWithItsFirst = row.GetOrDefault<bool>(16),
            ExternalId = row.GetOrDefault<string>(17),
        },
        ct);

    private async Task<IReadOnlyList<Difference>> CompareAsync(
        NpgsqlConnection snapshot, IReadOnlyList<ReceiptedEvent> page, CancellationToken ct)
    {
        var differences = new List<Difference>();
        var withReceipt = new List<ReceiptedEvent>();
        foreach (var e in page.Where(e => !e.IsDeleted))
        {
            if (e.IsImported)
            {
                differences.AddRange(ImportedEvents.Problem(e, _importRules) is { } problem ? [HeaderDifference(e, problem)] : []);
            }
            else if (e.ReceiptId is null)
            {
                differences.Add(HeaderDifference(e, "actor, operation and key are kept with each event"));
            }
            else if (_streamTypes.Contains(e.StreamType))
            {
                withReceipt.Add(e);
            }
            else if (e.Key != e.Id.ToString("N"))
            {
                // Actions of operators have no receipt. Their key is the id of the event.
                differences.Add(HeaderDifference(e, "the key is the id of the event"));
            }
        }

        return withReceipt.Count == 0 ? differences : [.. differences, .. await CompareReceiptsAsync(snapshot, withReceipt, ct)];
    }

    private async Task<IEnumerable<Difference>> CompareReceiptsAsync(
        NpgsqlConnection snapshot, List<ReceiptedEvent> events, CancellationToken ct)
    {
        // One row for each event, in the same order.
        var next = 0;
        var differences = await snapshot.ListAsync(
            ReceiptsOfEvents,
            [events.Select(e => e.ReceiptId!.Value).ToArray(), events.Select(e => e.Position).ToArray()],
            row => Difference(events[next++], row),
            ct,
            timeoutSeconds: 0);
        return differences.OfType<Difference>();
    }

    private Difference? Difference(ReceiptedEvent e, NpgsqlDataReader row)
    {
        var isRefusal = e.StreamType == CommandRefused.StreamType;
        var expected = Text(new { id = e.ReceiptId, eventId = e.Id, position = e.Position });
        if (isRefusal && Facts(row)?.TryGetProperty("batchIndex", out _) == true)
        {
            // A refusal of one item in a batch has no receipt: the key stays free, and a later command may have used it.
            return null;
        }

        if (row.IsDBNull(0))
        {
            return new(Name, Table, e.Stream, expected, null);
        }

        var (eventId, status) = (row.GetOrDefault<Guid?>(1), row.GetInt16(3));
        var brokenRule = (row.GetBoolean(5) ? null : EventRule(status, eventId))
            ?? (row.GetFieldValue<DateTimeOffset>(2) != e.RecordedAt ? "it is recorded when its event is"
                : HttpStatus.IsProblem(status) != isRefusal ? "its status is that of its decision"
                : BodyRule(e, row, isRefusal));
        if (brokenRule is not null)
        {
            return new(
                Name,
                Table,
                e.Stream,
                Text(new { rule = brokenRule, position = e.Position }),
                Text(new { id = row.GetGuid(0) }),
                row.GetGuid(0));
        }

        return eventId is null || row.GetBoolean(6) ? null : HeaderDifference(e, "all events of a command have the same headers");
    }

    private string? BodyRule(ReceiptedEvent e, NpgsqlDataReader row, bool isRefusal)
    {
        if (row.IsDBNull(4))
        {
            return row.GetBoolean(11) ? null : "its answer is stored until the answers of its month are dropped";
        }

        JsonDocument body;
        try
        {
            body = JsonDocument.Parse(row.GetString(4));
        }
        catch (JsonException)
        {
            return "its body is JSON";
        }

        using (body)
        {
            return body.RootElement.ValueKind != JsonValueKind.Object ? "its body is an object"
                : isRefusal ? RefusalRule(row, body.RootElement)
                : _rules.Select(r => r.Problem(e, body.RootElement)).FirstOrDefault(p => p is not null);
        }
    }

    private static string? RefusalRule(NpgsqlDataReader row, JsonElement body)
    {
        if (!row.GetBoolean(10))
        {
            // RefusalComparison reports a missing refusal.
            return null;
        }

        bool Has(string member, int column) => body.TryGetProperty(member, out var value) && value.ValueEquals(row.GetString(column));
        return Has("code", 7) && Has("detail", 8) && Facts(row) is { ValueKind: JsonValueKind.Object } facts
            && facts.EnumerateObject().All(f => body.TryGetProperty(f.Name, out var value) && JsonElement.DeepEquals(value, f.Value))
            && body.EnumerateObject().All(m => ProblemDocument.OwnMembers.Contains(m.Name) || facts.TryGetProperty(m.Name, out _))
            ? null
            : "it says what the refusal says";
    }

    private static JsonElement? Facts(NpgsqlDataReader row)
    {
        try
        {
            return row.IsDBNull(9) ? null : JsonSerializer.Deserialize<JsonElement>(row.GetString(9));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Difference HeaderDifference(ReceiptedEvent e, string rule) => new(
        StreamComparison.LogName, StreamComparison.Event, e.Stream, Text(new { rule, position = e.Position }),
        Text(new { id = e.Id, version = e.Version.ToString(CultureInfo.InvariantCulture), actor = e.Actor, operation = e.Operation }));

    private static string Text(object value) => JsonSerializer.Serialize(value, ApiJson.Options);
}
