using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using JasperFx.Events.Aggregation;
using JasperFx.Events.Projections;
using Marten;
using Npgsql;

namespace Banking.ReadModels.Documents;

/// <summary>A read model of documents: an asynchronous Marten projection, run by Marten's daemon.</summary>
/// <param name="Name">The name that operators use.</param>
/// <param name="Version">Raised with every change of the projection.</param>
/// <param name="Shard">The name under which Marten stores its progress.</param>
/// <param name="Document">The type of its documents.</param>
/// <param name="Table">The table of its documents.</param>
/// <param name="EventTypes">The stored names of the events that it projects.</param>
/// <param name="Fold">The fold to compare its documents with; null if they cannot be compared.</param>
public sealed record DocumentModel(
    string Name, int Version, ShardName Shard, Type Document, string Table, IReadOnlySet<string> EventTypes, DocumentFold? Fold)
{
    /// <summary>Reads the position that its documents include, in a snapshot.</summary>
    internal async Task<long> PositionAsync(NpgsqlConnection snapshot, CancellationToken ct) => await snapshot.ScalarAsync<long?>(
        $"select last_seq_id from {SchemaNames.Events}.mt_event_progression where name = $1", [Shard.Identity], ct) ?? 0;

    /// <summary>The names of the events that it projects, without their versions: it may need any further version of them.</summary>
    internal IReadOnlySet<string> Facts { get; } = EventTypes.Select(StoredEventTypes.FactOf).ToHashSet();

    /// <summary>Compares a stored document with the expected one; null stands for no document.</summary>
    internal IEnumerable<Difference> Compare(Guid id, string? expected, string? stored)
    {
        if (expected is null ? stored is not null : stored is null || !JsonText.IsSame(expected, stored))
        {
            yield return Difference(id, expected, stored);
        }
    }

    internal Difference Difference(Guid id, string? expected, string? stored) =>
        new(Name, DocumentTable.PlainName(Table), id, expected, stored);
}

/// <summary>The document read models of this bank: every asynchronous projection that a module adds to the store.</summary>
public sealed class DocumentModels
{
    public DocumentModels(IDocumentStore store)
    {
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
