using Banking.Publishing.Contracts;
using Marten;

namespace Banking.Notifications.Reactions;

public static class EventsPublishedHandler
{
    /// <summary>
    /// All of a message or nothing of it. It needs no memory of what it was told before, and no order: who hears of an event depends on
    /// positions, and a row that is there already stays as it is. Where nobody listens it is one question to an index.
    /// </summary>
    public static async Task Handle(EventsPublished message, Listeners listeners, IDocumentSession session, CancellationToken ct)
    {
        var listening = (await listeners.ToAsync(message.Events.Select(e => e.Account), ct)).ToLookup(l => l.Subscription.Account);
        if (listening.Count == 0)
        {
            return;
        }

        var heard = message.Events.SelectMany(e => listening[e.Account].Select(l => l.Hear(e))).OfType<Domain.Notification>().ToList();
        if (heard.Count > 0)
        {
            NotificationTable.Add(session, heard);
        }
    }
}
