using System.Collections.Concurrent;
using System.Reflection;
using Marten;
using NpgsqlTypes;

namespace Banking.EventStore.Storage;

/// <summary>The table and the id of a type of document, from Marten's mapping.</summary>
internal sealed record DocumentTable(Type Document, string Name, NpgsqlDbType IdType, Func<object, object> Id)
{
    private static readonly ConcurrentDictionary<(IReadOnlyStoreOptions, Type), DocumentTable> Known = new();

    public static DocumentTable Of(IReadOnlyStoreOptions options, Type document) => Known.GetOrAdd((options, document), static key =>
    {
        var mapping = key.Item1.FindOrResolveDocumentType(key.Item2);
        var id = (PropertyInfo)mapping.IdMember;
        return new(
            key.Item2,
            mapping.TableName.QualifiedName,
            id.PropertyType == typeof(Guid) ? NpgsqlDbType.Uuid : NpgsqlDbType.Varchar,
            d => id.GetValue(d)!);
    });

    /// <summary>The name without the schema and Marten's prefix: account_number for accounts.mt_doc_account_number.</summary>
    public static string PlainName(string table) => table.Split("mt_doc_", 2)[1];
}
