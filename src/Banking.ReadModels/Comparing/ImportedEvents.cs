using System.Text.Json;
using Banking.Commands.Imports;
using Banking.EventStore.Appending;
using Banking.EventStore.Callers;
using Banking.EventStore.Storage;

namespace Banking.ReadModels.Comparing;

/// <summary>A module's rule for imported events, such as ids that are derived from the source.</summary>
/// <param name="Problem">Returns the contradiction between an event and its source row; null if there is none or the rule does not
/// apply.</param>
public sealed record ImportRule(Func<ReceiptedEvent, ImportedRow, string?> Problem);

/// <summary>The source row of an imported event.</summary>
/// <param name="Id">The row's id in the source system.</param>
/// <param name="ExternalId">The id of the stream in the source system, from the stream's first event.</param>
public sealed record ImportedRow(string System, string File, string Id, string? ExternalId);

/// <summary>
/// Checks imported events. They have no receipt, because no caller got a response. Three rules hold without the source files: one
/// transaction imported the whole stream, the key names the source row, and ids are derived from the source. A repeated import compares
/// with the files.
/// </summary>
internal static class ImportedEvents
{
    /// <summary>
    /// Whether the same import stored the event in the transaction of its stream's first event, and the external id in that first event;
    /// null for events that were not imported.
    /// </summary>
    public static readonly string Columns =
        $"""
        case when e.headers ->> '{HeaderNames.Channel}' = '{Channels.Import}' then (
            select f.timestamp = e.timestamp
                and f.correlation_id is not distinct from e.correlation_id
                and f.user_name is not distinct from e.user_name
                and f.headers ->> '{HeaderNames.Channel}' is not distinct from e.headers ->> '{HeaderNames.Channel}'
                and f.headers ->> '{HeaderNames.Operation}' is not distinct from e.headers ->> '{HeaderNames.Operation}'
            from {SchemaNames.Events}.mt_events f where f.stream_id = e.stream_id and f.version = 1 limit 1) end,
        case when e.headers ->> '{HeaderNames.Channel}' = '{Channels.Import}' then (
            select f.data ->> 'externalId'
            from {SchemaNames.Events}.mt_events f where f.stream_id = e.stream_id and f.version = 1 limit 1) end
        """;

    /// <summary>Returns the rule that an imported event breaks; null if it breaks none.</summary>
    public static string? Problem(ReceiptedEvent e, IEnumerable<ImportRule> rules)
    {
        if (!e.IsWithItsFirst)
        {
            return "an import takes over a stream whole";
        }

        if (e.Operation != "import " + e.Actor![HistoryImport.ActorPrefix.Length..])
        {
            return "the operation is the import that the actor names";
        }

        if (Row(e) is not { } row)
        {
            return "an imported event names the row it came from";
        }

        var key = $"{row.System}/{row.File}/{row.Id}";
        return e.Key != key && e.Key?.StartsWith(key + "/", StringComparison.Ordinal) != true
            ? "the key is the row it came from"
            : rules.Select(r => r.Problem(e, row)).FirstOrDefault(p => p is not null);
    }

    private static ImportedRow? Row(ReceiptedEvent e)
    {
        using var data = JsonDocument.Parse(e.Data);
        return
            data.RootElement.ValueKind == JsonValueKind.Object
            && data.RootElement.TryGetProperty("source", out var source)
            && source.ValueKind == JsonValueKind.Object
            && Text(source, "system") is { } system
            && Text(source, "file") is { } file
            && Text(source, "id") is { } id
            ? new(system, file, id, e.ExternalId)
            : null;
    }

    private static string? Text(JsonElement json, string member) =>
        json.TryGetProperty(member, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
}
