using System.Text.Json;
using JasperFx.Events;
using Marten;
using Marten.Events.Aggregation;

namespace Banking.ReadModels.Documents;

/// <summary>
/// Makes the document of a stream with the fold of its projection, without Marten's daemon: what is stored is compared with it.
/// </summary>
public abstract class DocumentFold
{
    /// <summary>The document that these events of one stream make, as it is stored; null where they make none.</summary>
    public abstract string? Make(Guid stream, IEnumerable<IEvent> events);

    /// <summary>Whether a stored document says the same, however its members are ordered and its numbers spelled.</summary>
    public abstract bool IsSame(string made, string stored);

    internal static DocumentFold? Of(object projection, Type document, ISerializer serializer) =>
        typeof(SingleStreamProjection<,>).MakeGenericType(document, typeof(Guid)).IsInstanceOfType(projection)
            ? (DocumentFold)Activator.CreateInstance(typeof(OfStream<>).MakeGenericType(document), projection, serializer)!
            : null;

    private sealed class OfStream<TDocument>(SingleStreamProjection<TDocument, Guid> projection, ISerializer serializer) : DocumentFold
        where TDocument : class
    {
        public override string? Make(Guid stream, IEnumerable<IEvent> events) =>
            events.Aggregate((TDocument?)null, (document, e) => projection.Evolve(document, stream, e)) is { } made
                ? serializer.ToJson(made)
                : null;

        public override bool IsSame(string made, string stored)
        {
            using var first = JsonDocument.Parse(made);
            using var second = JsonDocument.Parse(stored);
            return JsonElement.DeepEquals(first.RootElement, second.RootElement);
        }
    }
}
