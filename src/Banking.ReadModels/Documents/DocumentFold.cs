using System.Text;
using JasperFx.Events;
using JasperFx.Events.Aggregation;
using Marten;
using Marten.Events.Aggregation;

namespace Banking.ReadModels.Documents;

/// <summary>
/// Computes a document with the fold of its projection, without Marten's daemon, to compare the stored document with it.
/// </summary>
public abstract class DocumentFold
{
    /// <summary>Computes the document of these events, as it is stored; null if they give none.</summary>
    public abstract string? Make(Guid id, IEnumerable<IEvent> events);

    /// <summary>Null for a projection whose documents cannot be compared.</summary>
    internal static DocumentFold? Of(object projection, Type document, ISerializer serializer)
    {
        return typeof(SingleStreamProjection<,>).MakeGenericType(document, typeof(Guid)).IsInstanceOfType(projection)
                ? Create(typeof(SingleFold<>))
            : typeof(JoinedProjection<>).MakeGenericType(document).IsInstanceOfType(projection) ? Create(typeof(JoinedFold<>))
            : null;

        DocumentFold Create(Type fold) => (DocumentFold)Activator.CreateInstance(fold.MakeGenericType(document), projection, serializer)!;
    }

    private static string? Make<TDocument>(
        JasperFxAggregationProjectionBase<TDocument, Guid, IDocumentOperations, IQuerySession> projection,
        ISerializer serializer,
        Guid id,
        IEnumerable<IEvent> events)
        where TDocument : class =>
        events.Aggregate((TDocument?)null, (document, e) => projection.Evolve(document, id, e)) is { } made
            ? serializer.ToJson(made)
            : null;

    private sealed class SingleFold<TDocument>(SingleStreamProjection<TDocument, Guid> projection, ISerializer serializer) : DocumentFold
        where TDocument : class
    {
        public override string? Make(Guid id, IEnumerable<IEvent> events) => Make(projection, serializer, id, events);
    }

    private sealed class JoinedFold<TDocument>(JoinedProjection<TDocument> projection, ISerializer serializer) : JoinedFold
        where TDocument : class
    {
        public override string? Make(Guid id, IEnumerable<IEvent> events) => Make(projection, serializer, id, events);

        public override Guid DocumentOf(IEvent first) => projection.DocumentOf(first);

        public override IEnumerable<Guid> StreamsOf(string stored)
        {
            using var json = new MemoryStream(Encoding.UTF8.GetBytes(stored));
            return projection.StreamsOf(serializer.FromJson<TDocument>(json));
        }
    }
}

/// <summary>The fold of a <see cref="JoinedProjection{TDocument}"/>.</summary>
public abstract class JoinedFold : DocumentFold
{
    /// <inheritdoc cref="JoinedProjection{TDocument}.DocumentOf"/>
    public abstract Guid DocumentOf(IEvent first);

    /// <summary>The streams whose events a stored document includes.</summary>
    public abstract IEnumerable<Guid> StreamsOf(string stored);
}
