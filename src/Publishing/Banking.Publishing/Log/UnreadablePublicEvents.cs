using Banking.EventStore.Log;
using Banking.EventStore.Published;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Banking.SharedKernel;
using JasperFx.Events;
using Marten;

namespace Banking.Publishing.Log;

/// <summary>
/// Finds out what is known of a published event that cannot be read: its contract by another version of the event that this bank knows, its
/// account by its stream. What is not known may be anything, so that no destination passes an event that it should get.
/// </summary>
internal sealed class UnreadablePublicEvents
{
    private readonly PublicContracts _contracts;
    private readonly ReadModelConnections _connections;
    private readonly Dictionary<string, Type> _byFact;

    /// <summary>Prefixes of the subjects of streams whose own events are published, by the type of the stream.</summary>
    private readonly Dictionary<string, string> _ownPrefixes;

    public UnreadablePublicEvents(
        IDocumentStore store, ReadModelConnections connections, PublicContracts contracts, IEnumerable<PublicStream> streams)
    {
        (_contracts, _connections) = (contracts, connections);
        _byFact = StoredEventTypes.Of(store).GroupBy(t => StoredEventTypes.FactOf(t.EventTypeName))
            .ToDictionary(f => f.Key, f => f.First().DocumentType);
        var prefixes = contracts.All.Where(c => c.About is null).Select(c => c.Prefix).ToHashSet();
        _ownPrefixes = streams.Where(s => prefixes.Contains(s.Prefix)).ToDictionary(s => s.StreamType, s => s.Prefix);
    }

    /// <summary>Makes the published events of these, without those that no contract publishes.</summary>
    public async Task<IReadOnlyList<PublicEvent>> OfAsync(IReadOnlyList<IEvent> events, string epoch, CancellationToken ct)
    {
        if (events.Count == 0)
        {
            return [];
        }

        await using var connection = await _connections.OpenAsync(ct);
        var streamTypes = await StreamDirectory.TypesOfAsync(connection, events.Select(e => e.StreamId), ct);
        return [.. events.Select(e => Of(e, streamTypes.GetValueOrDefault(e.StreamId, ""), epoch)).OfType<PublicEvent>()];
    }

    private PublicEvent? Of(IEvent e, string streamType, string epoch)
    {
        var failure = UnreadableEvent.FailureOf(e) ?? Predecessors.UnknownChannel(e);
        var isKnown = _byFact.TryGetValue(StoredEventTypes.FactOf(e.EventTypeName), out var stored);
        var contract = isKnown ? _contracts.Find(stored!) : null;
        if (isKnown && contract is null)
        {
            return null;
        }

        var prefix = contract is null ? _ownPrefixes.GetValueOrDefault(streamType) : contract.About is null ? contract.Prefix : null;
        return new(
            PublicId.Format("evt", e.Id),
            contract?.Type ?? e.EventTypeName,
            e.StreamId,
            prefix is null ? "" : PublicId.Format(prefix, e.StreamId),
            e.Timestamp,
            e.Version,
            null,
            e.Sequence,
            failure.Message)
        {
            Epoch = epoch,
            IsForEveryone = contract?.IsForEveryone == true,
            Unreadable = failure,
            IsOfUnknownType = contract is null,
            IsOfUnknownAccount = prefix is null,
        };
    }
}
