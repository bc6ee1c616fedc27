using System.Text.Json;
using Banking.Notifications.Domain;
using Marten;

namespace Banking.Notifications.Reactions;

/// <summary>
/// The table of notifications. Subscription and event are unique, so an event that is delivered again gives no second notification.
/// </summary>
internal static class NotificationTable
{
    public const string Name = NotificationsModule.Schema + ".notification";

    public const string Create =
        $"""
        create schema if not exists {NotificationsModule.Schema};
        create table if not exists {Name} (
            id uuid primary key, subscription uuid not null, account uuid not null, customer uuid, event_id text not null,
            type text not null, position bigint not null, value text, currency text, direction text,
            recorded_at timestamptz not null, unique (subscription, event_id));
        create index if not exists notification_place on {Name} (position, id);
        create index if not exists notification_account on {Name} (account, position, id);
        create index if not exists notification_customer on {Name} (customer, position, id);
        """;

    private const string Columns = "id, subscription, account, customer, event_id, type, position, value, currency, direction, recorded_at";

    /// <summary>Adds notifications with one statement in the session's transaction.</summary>
    public static void Add(IDocumentSession session, IReadOnlyList<Notification> notifications) =>
        session.QueueSqlCommand(
            $"insert into {Name} ({Columns}) select {Columns} from jsonb_to_recordset(?::jsonb) as n("
                + "id uuid, subscription uuid, account uuid, customer uuid, event_id text, type text, position bigint, value text, "
                + "currency text, direction text, recorded_at timestamptz) on conflict do nothing",
            JsonSerializer.Serialize(notifications, Json));

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };
}
