using Banking.EventStore.Log;
using JasperFx.Events.Aggregation;
using JasperFx.Events.Projections;
using Marten;

namespace Banking.ReadModels.Documents;

/// <summary>A read model of documents: an asynchronous Marten projection, run by Marten's daemon.</summary>
/// <param name="Name">The name that operators use.</param>
/// <param name="Version">Raised with every change of the projection.</param>
/// <param name="Shard">The name under which Marten stores its progress.</param>
/// <param name="Document">The type of its documents.</param>
/// <param name="Table">The table of its documents.</param>
/// <param name="EventTypes">The stored names of the events that it projects.</param>
/// <param name="Fold">The fold to compare its documents with; null if a document is not the fold of one stream.</param>
public sealed record DocumentModel(
    string Name, int Version, ShardName Shard, Type Document, string Table, IReadOnlySet<string> EventTypes, DocumentFold? Fold);

/// <summary>The document read models of this bank: every asynchronous projection that a module adds to the store.</summary>
public sealed class DocumentModels
{
    public DocumentModels(IDocumentStore store)
    {
        ArgumentNullException.ThrowIfNull(store);
        var options = ((DocumentStore)store).Options;
        var projections = options.Projections.All.Where(p => p.Lifecycle == ProjectionLifecycle.Async);
        All = [.. projections.Select(p => Of(options, p)).OrderBy(m => m.Name, StringComparer.Ordinal)];
        KnownEventTypes = [.. StoredEventTypes.Of(store).Select(m => m.EventTypeName)];
    }

    /// <summary>All document read models, ordered by name.</summary>
    public IReadOnlyList<DocumentModel> All { get; }

    /// <summary>The stored names of all events that this version of the bank can read.</summary>
    public IReadOnlyList<string> KnownEventTypes { get; }

    public DocumentModel? Find(string name) => All.FirstOrDefault(m => m.Name == name);

    private static DocumentModel Of(StoreOptions options, IProjectionSource<IDocumentOperations, IQuerySession> projection)
    {
        var document = ((IAggregateProjection)projection).AggregateType;
        var table = ((IReadOnlyStoreOptions)options).FindOrResolveDocumentType(document).TableName.QualifiedName;
        var types = ((EventFilterable)projection).IncludedEventTypes;
        DeleteOnRebuild(projection.Options, table);
        return new(
            projection.Name, (int)projection.Version, projection.Shards().Single().Name, document, table,
            StoredEventTypes.Names(options, types).ToHashSet(), DocumentFold.Of(projection, document, options.Serializer()));
    }

    /// <summary>
    /// Replaces the TRUNCATE of Marten's rebuild by DELETE. TRUNCATE needs a right that the host's role lacks, waits for every reader, and
    /// shows an empty table to snapshots that began before.
    /// </summary>
    private static void DeleteOnRebuild(AsyncOptions options, string table)
    {
        var cleanUps = (ICollection<IProjectionCleanupActions>)options.CleanUps;
        foreach (var truncate in options.CleanUps.OfType<DeleteDocuments>().ToList())
        {
            cleanUps.Remove(truncate);
        }

        if (options.CleanUps.Count == 0)
        {
            options.DeleteDataInTableOnTeardown(table);
        }
    }
}
