using Banking.Publishing.Contracts;
using Marten;

namespace Banking.Notifications.Reactions;

public static class EventsPublishedHandler
{
    /// <summary>
    /// Adds the notifications of all events of a message in one transaction. Repeats and order do not matter: positions decide which
    /// subscriptions cover an event, and an existing row stays as it is. Without subscriptions it is one query by an index.
    /// </summary>
    public static async Task Handle(EventsPublished message, SubscriptionFinder finder, IDocumentSession session, CancellationToken ct)
    {
        var windows = (await finder.FindAsync(message.Events.Select(e => e.Account), ct)).ToLookup(w => w.Subscription.Account);
        if (windows.Count == 0)
        {
            return;
        }

        var notifications = message.Events
            .SelectMany(e => windows[e.Account].Select(w => w.NotificationOf(e)))
            .OfType<Domain.Notification>()
            .ToList();
        if (notifications.Count > 0)
        {
            NotificationTable.Add(session, notifications);
        }
    }
}
