using System.Text.Json;
using Banking.Commands.Imports;
using Banking.EventStore.Appending;
using Banking.EventStore.Callers;
using Banking.EventStore.Storage;

namespace Banking.ReadModels.Comparing;

/// <summary>What a module knows of imported events: ids that are made from the source.</summary>
/// <param name="Problem">What an event and the row that it names say differently; null where they agree, or the rule does not concern
/// it.</param>
public sealed record ImportRule(Func<ReceiptedEvent, ImportedRow, string?> Problem);

/// <summary>The row that an imported event names.</summary>
/// <param name="Id">The row's id in its own system.</param>
/// <param name="ExternalId">The id that the stream had there, as its first event says.</param>
public sealed record ImportedRow(string System, string File, string Id, string? ExternalId);

/// <summary>
/// An imported event has no receipt, because nobody was answered. What is known of it: its stream was taken over whole in one transaction,
/// its key names the row in its data, and ids are made from the source. Without the source's files nothing more is known; a repeated import
/// compares with these.
/// </summary>
internal static class ImportedEvents
{
    /// <summary>
    /// Whether the event was stored with the first one of its stream by the same import, and the external id in that one; null for other
    /// events.
    /// </summary>
    public static readonly string Columns =
        $"""
        case when e.headers ->> '{HeaderNames.Channel}' = '{Channels.Import}' then (
            select f.timestamp = e.timestamp and f.correlation_id is not distinct from e.correlation_id and f.user_name is not distinct from e.user_name
                and f.headers ->> '{HeaderNames.Channel}' is not distinct from e.headers ->> '{HeaderNames.Channel}'
                and f.headers ->> '{HeaderNames.Operation}' is not distinct from e.headers ->> '{HeaderNames.Operation}'
            from {SchemaNames.Events}.mt_events f where f.stream_id = e.stream_id and f.version = 1 limit 1) end,
        case when e.headers ->> '{HeaderNames.Channel}' = '{Channels.Import}' then (
            select f.data ->> 'externalId' from {SchemaNames.Events}.mt_events f where f.stream_id = e.stream_id and f.version = 1 limit 1) end
        """;

    /// <summary>What is wrong with an imported event, as the rule that it breaks; null where nothing is.</summary>
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
