using Banking.Notifications.Domain;
using Banking.Platform.Security;
using Marten;

namespace Banking.Notifications.Features;

/// <summary>Who may know of a subscription.</summary>
public sealed class SubscriptionAccess(IDocumentStore store) : IStreamAccess
{
    public string StreamType => Subscription.StreamType;

    public async Task<bool> MaySeeAsync(Caller caller, Guid stream, CancellationToken ct)
    {
        await using var session = store.QuerySession();
        return await session.LoadAsync<Subscription>(stream, ct) is { } subscription
            && SubscriptionDesk.MaySee(caller, subscription.Customer);
    }
}
