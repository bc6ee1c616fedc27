using System.Collections.Frozen;
using System.Text.Json;
using Banking.EventStore.Json;
using Banking.EventStore.Published;
using Banking.Publishing.Contracts;
using Banking.Publishing.Publishers;
using Banking.Publishing.Log;
using Marten;
using Marten.Internal.Operations;
using Wolverine.Marten;
using Wolverine.Runtime;

namespace Banking.Publishing.Modules;

/// <summary>
/// The modules of this bank as a destination: a page becomes messages in Wolverine's inbox, in the transaction that moves the lane on. So
/// there is no moment in which the one is there without the other, and a host that dies after it leaves messages that another host, or its
/// next start, finds.
/// <para>
/// All the same an event may come twice, and no consumer may rely on the inbox to notice: a message is handled again where a host dies
/// between the consumer's commit and its mark, or where a starting host takes over what another still works on; a dead letter may be
/// replayed; what was held is delivered by <see cref="DeliverAsync"/>, whose place is written down after it; and a lane that is set back
/// delivers everything again, in new messages with new ids, which no inbox knows. What an event does must be keyed by the event's own id,
/// for ever.
/// </para>
/// </summary>
internal sealed class ModulesDestination(
    IDocumentStore store,
    IWolverineRuntime runtime,
    IReadOnlyList<IModuleInterest> interests,
    FrozenSet<string> types) : Destination, ITransactionalDestination
{
    public const string Name = "modules";

    /// <summary>Events in one message: what one consumer does in one transaction.</summary>
    private const int Most = 200;

    public override bool Wants(PublicEvent e) => types.Contains(e.Type);

    public Task StoreAsync(IReadOnlyList<PublicEvent> events, IStorageOperation move, CancellationToken ct) => SendAsync(events, move, ct);

    public override async Task<IReadOnlyList<Rejected>> DeliverAsync(
        IReadOnlyList<PublicEvent> events, Action<string> trouble, CancellationToken ct)
    {
        await SendAsync(events, null, ct);
        return [];
    }

    private async Task SendAsync(IReadOnlyList<PublicEvent> events, IStorageOperation? move, CancellationToken ct)
    {
        await using var session = store.LightweightSession();
        // Not the session of a handler: enrolled by hand, it stores the messages with the rest and hands them to the queue once they are
        // committed.
        var outbox = new MartenOutbox(runtime, session);
        foreach (var chunk in (await WantedAsync(events, ct)).Chunk(Most))
        {
            // Sent, not published: without a handler that would be silence, and this throws.
            await outbox.SendAsync(new EventsPublished([.. chunk.Select(Tell)]));
        }

        if (move is not null)
        {
            session.QueueOperation(move);
        }

        await session.SaveChangesAsync(ct);
    }

    /// <summary>
    /// Those that some module wants to hear of: a message is stored and kept for a day, and most events are nobody's business.
    /// </summary>
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

    private static PublishedEvent Tell(PublicEvent e) =>
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

/// <summary>One lane for all modules, and none where no module wants to hear of anything.</summary>
internal sealed class ModulesSource(IEnumerable<IModuleInterest> interests, IDocumentStore store, IWolverineRuntime runtime)
    : IDestinationSource
{
    private readonly IReadOnlyList<IModuleInterest> _interests = [.. interests];
    private readonly FrozenSet<string> _types = interests.SelectMany(i => i.Types).ToFrozenSet();

    /// <summary>From the beginning: what a module waits for may have been recorded before the first host had this lane.</summary>
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
                        _ => Task.FromResult<Destination>(new ModulesDestination(store, runtime, _interests, _types))),
                ]);
}
