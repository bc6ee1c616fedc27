using System.Globalization;
using System.Reflection;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Documents;
using JasperFx.Events.Projections;
using Marten;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Banking.ReadModels.Rebuilding;

/// <summary>
/// A store in which one document read model has another name and another schema. Its daemon so makes the documents and the progress of a
/// candidate, with the projection that serves and without touching what is served.
/// </summary>
internal sealed class CandidateStore : IDisposable
{
    private static readonly MethodInfo Move =
        typeof(CandidateStore).GetMethod(nameof(MoveDocument), BindingFlags.NonPublic | BindingFlags.Static)!;

    private readonly string _schema;

    private CandidateStore(DocumentStore store, DocumentModel model, string schema)
    {
        (Store, _schema) = (store, schema);
        Model = new DocumentModels(store).All.Single(m => m.Document == model.Document);
        if (!Model.Table.StartsWith(schema + ".", StringComparison.Ordinal) || Model.Shard == model.Shard)
        {
            // It would write the documents that serve.
            throw new InvalidOperationException($"The candidate of {model.Name} has no table or progress of its own.");
        }
    }

    public DocumentStore Store { get; }

    /// <summary>The read model under the name of the candidate.</summary>
    public DocumentModel Model { get; }

    public static CandidateStore Create(StoreConfiguration configuration, ReadModelConnections connections, DocumentModel model, int number)
    {
        var options = new StoreOptions();
        options.Connection(connections.Source);
        configuration.Apply(options);
        var schema = Schema(model, number);
        ((ProjectionBase)(object)options.Projections.All.Single(p => p.Name == model.Name)).Name = ShardName(model, number);
        Move.MakeGenericMethod(model.Document).Invoke(null, [options, schema]);
        return new(new DocumentStore(options), model, schema);
    }

    /// <summary>Creates the empty table of the documents.</summary>
    public async Task CreateAsync(NpgsqlConnection connection)
    {
        using var sql = new StringWriter(CultureInfo.InvariantCulture);
        var database = Store.Storage.Database;
        foreach (var table in database.AllObjects().OfType<Table>().Where(t => t.Identifier.Schema == _schema))
        {
            table.WriteCreateStatement(database.Migrator, sql);
        }

        await ReadModelSchema.ExecuteAsync(connection, $"create schema {_schema}; {sql}");
    }

    /// <summary>Drops the documents and the progress of a candidate.</summary>
    public static Task DropAsync(NpgsqlConnection connection, DocumentModel model, int number) =>
        ReadModelSchema.ExecuteAsync(
            connection,
            $"drop schema if exists {Schema(model, number)} cascade; "
                + $"delete from {SchemaNames.Events}.mt_event_progression where split_part(name, ':', 1) = '{ShardName(model, number)}'");

    public void Dispose() => Store.Dispose();

    private static void MoveDocument<TDocument>(StoreOptions options, string schema) =>
        options.Schema.For<TDocument>().DatabaseSchemaName(schema);

    private static string Schema(DocumentModel model, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"scratch_candidate_{model.Name.Replace('-', '_')}_{number}");

    private static string ShardName(DocumentModel model, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"{model.Name}-candidate-{number}");
}
