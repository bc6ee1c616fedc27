using System.Globalization;
using Banking.SharedKernel;
using JasperFx.Events;
using JasperFx.Events.Daemon;
using JasperFx.Events.Grouping;
using Marten;
using Marten.Events.Projections;

namespace Banking.ReadModels.Documents;

/// <summary>A projection that may include events of other modules by the types of their contracts.</summary>
internal interface IIncludesContracts
{
    /// <summary>Includes every event of the store that implements one of the contracts.</summary>
    void IncludeContracts(StoreOptions store);
}

/// <summary>
/// A projection whose document is made of several streams. The first event of a stream names the document, so later events of the stream
/// need not; the projection must include the type of that first event.
/// </summary>
public abstract class JoinedProjection<TDocument> : MultiStreamProjection<TDocument, Guid>, IIncludesContracts
    where TDocument : class
{
    private readonly List<Type> _contracts = [];

    protected JoinedProjection() => CustomGrouping(GroupAsync);

    /// <summary>The document of the stream that begins with this event.</summary>
    public abstract Guid DocumentOf(IEvent first);

    /// <summary>The streams whose events a document includes.</summary>
    public abstract IEnumerable<Guid> StreamsOf(TDocument document);

    /// <summary>
    /// Includes the events that implement this type, which another module's contracts define. Marten's daemon loads events by their own
    /// types, so these are looked up when every module has registered its events.
    /// </summary>
    protected void IncludeContract<TContract>() => _contracts.Add(typeof(TContract));

    void IIncludesContracts.IncludeContracts(StoreOptions store)
    {
        foreach (var contract in _contracts)
        {
            var types = ((IReadOnlyStoreOptions)store).Events.AllKnownEventTypes()
                .Select(t => t.EventType).Where(contract.IsAssignableFrom).ToList();
            if (types.Count == 0)
            {
                throw new InvalidOperationException(
                    $"The projection {Name} includes {contract.Name}, which no event of this bank implements.");
            }

            types.ForEach(IncludeType);
        }
    }

    private async Task GroupAsync(IQuerySession session, IReadOnlyList<IEvent> events, IEventGrouping<Guid> grouping)
    {
        var documents = events.Where(e => e.Version == 1).ToDictionary(e => e.StreamId, DocumentOf);
        var earlier = events.Select(e => e.StreamId).Where(s => !documents.ContainsKey(s)).Distinct().ToArray();
        if (earlier.Length > 0)
        {
            foreach (var first in await session.Events.QueryAllRawEvents()
                .Where(e => earlier.Contains(e.StreamId) && e.Version == 1).ToListAsync())
            {
                documents[first.StreamId] = DocumentOf(first);
            }
        }

        foreach (var e in events)
        {
            grouping.AddEvent(
                documents.TryGetValue(e.StreamId, out var document) ? document : throw new MissingFirstEventException(e), e);
        }
    }
}

/// <summary>An event whose document is unknown. It names the event, so that the projection pauses right before it.</summary>
internal sealed class MissingFirstEventException(IEvent e)
    : ApplyEventException(e, new InvalidOperationException("The first event of its stream is missing."))
{
    public override string Message => string.Create(
        CultureInfo.InvariantCulture, $"Event {PublicId.Format("evt", Event.Id)} at position {Event.Sequence}: {InnerException!.Message}");
}
