using System.Globalization;
using System.Text.Json;
using Banking.EventStore.Archive;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.Notifications.Domain;
using Banking.Notifications.Reactions;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Banking.SharedKernel;
using Banking.Web.Http;
using Npgsql;

namespace Banking.Notifications.ReadModels;

/// <summary>
/// Compares each notification with its event and its subscription. Missing notifications are not found: they follow the log later and in
/// any order, and only the stored messages to modules show which are still to come.
/// </summary>
internal sealed class NotificationComparison(ArchivedEvents archive) : StoredComparison
{
    private const string Published = "banking.account.";
    private const string Stored = "accounts.";

    private static readonly string Sql =
        $"""
        select n.id, n.subscription, n.event_id, n.type, n.value, n.currency, n.direction,
            'evt_' || replace(e.id::text, '-', '') = n.event_id and e.stream_id = n.account and e.timestamp = n.recorded_at,
            e.type, e.data::text,
            made.seq_id < n.position and (cancelled.seq_id is null or cancelled.seq_id >= n.position)
                and made.data ->> 'account' = n.account::text and made.data ->> 'customer' is not distinct from n.customer::text
                and n.type = any(string_to_array(made.data ->> 'types', ' ')),
            n.account, e.is_archived, n.position, e.id, e.stream_id, e.version
        from {NotificationTable.Name} n
        left join {SchemaNames.Events}.mt_events e on e.seq_id = n.position
        left join {SchemaNames.Events}.mt_events made on made.stream_id = n.subscription and made.version = 1
        left join {SchemaNames.Events}.mt_events cancelled on cancelled.stream_id = n.subscription and cancelled.version = 2
        """;

    public override string Name => "notifications";

    public override async Task<IReadOnlyList<Difference>> OfIdsAsync(NpgsqlConnection snapshot, StreamSelection ids, CancellationToken ct)
    {
        var differences = await ids.ListAsync(
            snapshot,
            $"{Sql} where {ids.On("n.id")}",
            [],
            row => BrokenRule(row) is not { } rule ? null : new Difference(
                Name,
                "notification",
                row.GetGuid(11),
                Text(new { rule }),
                Text(new { subscription = row.GetGuid(1), eventId = row.GetString(2) }),
                row.GetGuid(0)),
            ct);
        return [.. differences.OfType<Difference>()];
    }

    private string? BrokenRule(NpgsqlDataReader row) =>
        row.IsDBNull(7) || !row.GetBoolean(7) ? "its event is in the log"
        : row.GetGuid(0) != DeterministicId.From(row.GetGuid(1), row.GetString(2)) ? "its id is derived from its subscription and its event"
        : row.IsDBNull(10) || !row.GetBoolean(10) ? "its subscription covers its event"
        : !IsType(row.GetString(3), row.GetString(8)) ? "its type is the type of its event"
        : Facts(row) != Amounts(row) ? "its amount and direction are the ones of its event"
        : null;

    /// <summary>Events that move no money may be published under another name than the stored one.</summary>
    private static bool IsType(string published, string stored)
    {
        var (one, other) = (Kind(published, Published), Kind(stored, Stored));
        return one == other || !NotifiableEvents.Movements.Any(m => Kind(m, Published) == one || Kind(m, Published) == other);
    }

    /// <summary>The type without its version: an event stored under an earlier version is published under a later one.</summary>
    private static string Kind(string type, string prefix)
    {
        var name = type.StartsWith(prefix, StringComparison.Ordinal) ? type[prefix.Length..] : type;
        return name.LastIndexOf(".v", StringComparison.Ordinal) is > 0 and var end ? name[..end] : name;
    }

    private (string? Value, string? Currency, string? Direction) Facts(NpgsqlDataReader row)
    {
        var type = row.GetString(3);
        if (!NotifiableEvents.IsMovement(type))
        {
            return default;
        }

        try
        {
            var text = archive.TextOf(
                row.GetString(9),
                row.GetBoolean(12),
                new(row.GetInt64(13), row.GetGuid(14), row.GetGuid(15), row.GetInt64(16), row.GetString(8)));
            if (text is null)
            {
                // Its data was deleted by a rule.
                return Amounts(row);
            }

            using var data = JsonDocument.Parse(text);
            var amount = Amount.Of(data.RootElement.GetProperty("amount").Deserialize<Money>());
            var direction = NotifiableEvents.DirectionOf(type)
                ?? data.RootElement.GetProperty("direction").GetString()!.ToLower(CultureInfo.InvariantCulture);
            return (amount.Value, amount.Currency, direction);
        }
        catch (Exception unreadable)
            when (unreadable is UnreadableEventException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            // Another comparison reports the unreadable event.
            return Amounts(row);
        }
    }

    private static (string? Value, string? Currency, string? Direction) Amounts(NpgsqlDataReader row) =>
        (row.GetOrDefault<string>(4), row.GetOrDefault<string>(5), row.GetOrDefault<string>(6));
}
