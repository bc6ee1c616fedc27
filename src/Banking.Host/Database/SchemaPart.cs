using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Banking.Commands;
using Banking.Commands.Messages;
using Banking.EventStore;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Banking.ReadModels;
using Banking.ReadModels.Books;
using Banking.Web;
using Marten;
using Npgsql;
using Weasel.Core;
using Weasel.Core.Migrations;
using Weasel.Postgresql.Tables;
using Wolverine.Persistence.Durability;
using Wolverine.RDBMS;

namespace Banking.Host.Database;

/// <summary>
/// A part of the schema that is migrated as a whole. There are two: the store, and the message storage, which commands without messaging
/// do not need. The database keeps a hash of the part's SQL, because the host's role cannot read enough of the catalog to compare the
/// tables themselves.
/// </summary>
/// <param name="Sql">Idempotent statements that run after the objects are created.</param>
internal sealed partial record SchemaPart(string Name, IDatabase Database, IReadOnlyList<ISchemaObject> Objects, IReadOnlyList<string> Sql)
{
    public const string Table = SchemaNames.Platform + ".schema_part";

    public const string CreateTable =
        $"create table if not exists {Table} "
            + "(name text primary key, fingerprint text not null, migrated_at timestamptz not null default now())";

    /// <summary>The table of a document type that Marten has only together with Wolverine.</summary>
    private const string EnvelopeTable = "mt_doc_envelope";

    public IEnumerable<string> Tables => Objects.OfType<Table>().Select(t => t.Identifier.QualifiedName);

    public static IReadOnlyList<SchemaPart> CreateAll(IServiceProvider services)
    {
        var documents = services.GetRequiredService<IDocumentStore>();
        var states = StoredStates.Tables(documents.Options);
        var store = documents.Storage.Database;
        var objects = store
            .AllObjects()
            .Select(o => Adapt(o, states, documents.Options.Events.IgnoredIndexes))
            .ToLookup(o => o.Identifier.Name == EnvelopeTable);
        var parts = new List<SchemaPart>
        {
            new("store", store, [.. objects[false]], [
                .. EventStoreModule.Sql, .. CommandsModule.Sql, .. ReadModelsModule.Sql, .. WebModule.Sql,
                .. services.GetServices<BankModule>().SelectMany(m => m.Sql),
                .. ReadModelsModule.SqlOf(services.GetServices<ReadModel>()),
                .. states.Order(StringComparer.Ordinal).Select(StoredStates.NameLastEvents)]),
        };
        if (services.GetService<IMessageStore>() is MessageDatabase<NpgsqlConnection> messages)
        {
            var tables = messages.AllObjects().ToList();
            foreach (var deadLetters in tables.OfType<Table>().Where(t => t.Identifier.Name == FailedWork.DeadLetterTable))
            {
                // Otherwise the migration drops the bank's own index.
                deadLetters.IgnoredIndexes.Add(FailedWork.IndexName);
            }

            parts.Add(new(
                "messages", messages, [.. objects[true], .. tables], [FailedWork.CreateIndex(services.GetServices<OutsideMessage>())]));
        }

        return parts;
    }

    public async Task<bool> IsCurrentAsync(NpgsqlConnection connection) =>
        await connection.ScalarAsync<bool>(
            $"""
            select exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where n.nspname || '.' || c.relname = '{Table}'
                    and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select'))
            """,
            [],
            default)
        && ComputeFingerprint()
            == await connection.ScalarAsync<string?>($"select fingerprint from {Table} where name = $1", [Name], default);

    public async Task SaveAsync(NpgsqlConnection connection) => await connection.ExecuteAsync(
        $"""
        insert into {Table} as p (name, fingerprint) values ($1, $2)
        on conflict (name) do update set fingerprint = excluded.fingerprint, migrated_at = now()
        where p.fingerprint <> excluded.fingerprint
        """,
        [Name, ComputeFingerprint()],
        default);

    private string ComputeFingerprint()
    {
        using var text = new StringWriter();
        foreach (var schemaObject in Objects)
        {
            schemaObject.WriteCreateStatement(Database.Migrator, text);
        }

        foreach (var sql in Sql.Append(SqlScript.Read("grants.sql")))
        {
            text.WriteLine(sql);
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Normalize(text.ToString()))));
    }

    /// <summary>Comments and white space of the SQL do not count: rewording them must not make the owner migrate.</summary>
    internal static string Normalize(string sql) => Spaces().Replace(Comments().Replace(sql, ""), " ").Trim();

    [GeneratedRegex("--.*$", RegexOptions.Multiline)]
    private static partial Regex Comments();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    /// <summary>
    /// Adapts Marten's tables in three ways.
    /// <para>The foreign key from events to streams is dropped. On partitioned tables it takes two thirds of the time of an insert. It also
    /// cascades: deleting a stream's row would delete its events. An append writes both in one transaction, so the key is not needed.
    /// </para>
    /// <para>Tables of states get a column for the id of the last event in the state. The bank's own indexes on streams are kept, as Marten
    /// keeps those on events.</para>
    /// </summary>
    private static ISchemaObject Adapt(ISchemaObject schemaObject, IReadOnlySet<string> states, IEnumerable<string> ignoredIndexes)
    {
        if (schemaObject is Table { Identifier.Name: "mt_events" } events)
        {
            events.ForeignKeys.Clear();
        }

        if (schemaObject is Table { Identifier.Name: "mt_streams" } streams)
        {
            streams.IgnoredIndexes.UnionWith(ignoredIndexes);
        }

        if (schemaObject is Table table && states.Contains(table.Identifier.QualifiedName))
        {
            table.AddColumn(StoredStates.LastEventColumn, "uuid");
        }

        return schemaObject;
    }
}
