using System.Text.Json;
using JasperFx.Events;
using Marten;
using Marten.Events.Aggregation;

namespace Banking.ReadModels.Documents;

/// <summary>
/// Computes the document of a stream with the fold of its projection, without Marten's daemon, to compare the stored document with it.
/// </summary>
public abstract class DocumentFold
{
    /// <summary>Computes the document of these events of one stream, as it is stored; null if they give none.</summary>
    public abstract string? Make(Guid stream, IEnumerable<IEvent> events);

    /// <summary>Whether a stored document is equal, whatever the order of its members and the spelling of its numbers.</summary>
    public abstract bool IsSame(string expected, string stored);

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

        public override bool IsSame(string expected, string stored)
        {
            using var first = JsonDocument.Parse(expected);
            using var second = JsonDocument.Parse(stored);
            return JsonElement.DeepEquals(first.RootElement, second.RootElement);
        }
    }
}
