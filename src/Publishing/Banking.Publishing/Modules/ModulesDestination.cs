using System.Collections.Frozen;
using System.Text.Json;
using Banking.EventStore.Json;
using Banking.EventStore.Published;
using Banking.Publishing.Contracts;
using Banking.Publishing.Log;
using Banking.Publishing.Publishers;
using Marten;
using Marten.Internal.Operations;
using Wolverine.Marten;
using Wolverine.Runtime;

namespace Banking.Publishing.Modules;

/// <summary>
/// The modules of this bank as a destination: a page becomes messages in Wolverine's inbox, in the transaction that moves the checkpoint.
/// So neither exists without the other, and messages of a host that ends are found by another host or by its next start.
/// <para>
/// An event may still arrive twice, and consumers must not rely on the inbox to detect it. A message is handled again if a host ends
/// between the consumer's commit and the mark in the inbox, or if a starting host takes over messages that another still handles. Dead
/// letters can be replayed, and events of blocked accounts are delivered by <see cref="DeliverAsync"/> before their new position is stored.
/// A publisher that is set back delivers all events again in new messages with new ids, so consumers must key the effect of an event by the
/// event's own id.
/// </para>
/// </summary>
internal sealed class ModulesDestination(
    IDocumentStore store,
    IWolverineRuntime runtime,
    IReadOnlyList<IModuleInterest> interests,
    FrozenSet<string> types) : Destination, ITransactionalDestination
{
    public const string Name = "modules";

    /// <summary>The largest number of events in one message, which a consumer handles in one transaction.</summary>
    private const int MaxEventsPerMessage = 200;

    public override bool Wants(PublicEvent e) => types.Contains(e.Type);

    public Task StoreAsync(IReadOnlyList<PublicEvent> events, IStorageOperation move, CancellationToken ct) => SendAsync(events, move, ct);

    public override async Task<IReadOnlyList<Rejected>> DeliverAsync(
        IReadOnlyList<PublicEvent> events, Action<string> reportProblem, CancellationToken ct)
    {
        await SendAsync(events, null, ct);
        return [];
    }

    private async Task SendAsync(IReadOnlyList<PublicEvent> events, IStorageOperation? move, CancellationToken ct)
    {
        await using var session = store.LightweightSession();
        // This session is not that of a message handler: the outbox is enrolled by hand. It stores the messages with the other changes and
        // passes them to the queue after the commit.
        var outbox = new MartenOutbox(runtime, session);
        foreach (var chunk in (await WantedAsync(events, ct)).Chunk(MaxEventsPerMessage))
        {
            // SendAsync and not PublishAsync: it throws if there is no handler.
            await outbox.SendAsync(new EventsPublished([.. chunk.Select(Map)]));
        }

        if (move is not null)
        {
            session.QueueOperation(move);
        }

        await session.SaveChangesAsync(ct);
    }

    /// <summary>The events that some module is interested in. A message is stored for a day, and most events interest no module.</summary>
    private async Task<List<PublicEvent>> WantedAsync(IReadOnlyList<PublicEvent> events, CancellationToken ct)
    {
        var wanted = new HashSet<PublicEvent>(ReferenceEqualityComparer.Instance);
        foreach (var interest in interests)
        {
            var ofType = events.Where(e => interest.Types.Contains(e.Type)).ToList();
            if (ofType.Count > 0)
            {
                var accounts = await interest.AmongAsync([.. ofType.Select(e => e.Stream).Distinct()], ct);
                wanted.UnionWith(ofType.Where(e => accounts.Contains(e.Stream)));
            }
        }

        return [.. events.Where(wanted.Contains)];
    }

    private static PublishedEvent Map(PublicEvent e) =>
        new(
            e.Id,
            e.Type,
            e.Stream,
            e.Version,
            e.PreviousVersion,
            e.Position,
            e.Time,
            JsonSerializer.Serialize(e.Data, e.Data.GetType(), ApiJson.Options));
}

/// <summary>One publisher for all modules; none if no module is interested in any event type.</summary>
internal sealed class ModulesSource(IEnumerable<IModuleInterest> interests, IDocumentStore store, IWolverineRuntime runtime)
    : IDestinationSource
{
    private readonly IReadOnlyList<IModuleInterest> _interests = [.. interests];
    private readonly FrozenSet<string> _types = interests.SelectMany(i => i.Types).ToFrozenSet();

    /// <summary>Starts at the beginning: events that a module needs may be older than this publisher.</summary>
    public Task<IReadOnlyList<DestinationSpec>> ListAsync(CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<DestinationSpec>>(
            _types.Count == 0
                ? []
                :
                [
                    new(
                        ModulesDestination.Name,
                        ModulesDestination.Name,
                        StartPosition.Beginning,
                        string.Join(' ', _types.Order(StringComparer.Ordinal)),
                        _ => Task.FromResult<Destination>(new ModulesDestination(store, runtime, _interests, _types)))
                    {
                        Filter = new(Types: _types),
                    },
                ]);
}
