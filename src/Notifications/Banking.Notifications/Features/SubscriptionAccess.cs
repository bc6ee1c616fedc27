using Banking.Commands.Receipts;
using Banking.EventStore.Callers;
using Banking.Notifications.Domain;
using Marten;

namespace Banking.Notifications.Features;

/// <summary>Decides whether a caller may see a subscription.</summary>
public sealed class SubscriptionAccess(IDocumentStore store) : IStreamAccess
{
    public string StreamType => Subscription.StreamType;

    public async Task<bool> MaySeeAsync(Caller caller, Guid stream, CancellationToken ct)
    {
        await using var session = store.QuerySession();
        return await session.LoadAsync<Subscription>(stream, ct) is { } subscription
            && SubscriptionCommands.MaySee(caller, subscription.Customer);
    }
}
