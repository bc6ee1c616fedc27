using Marten;

namespace Banking.Platform.EventSourcing;

internal static class Tables
{
    /// <summary>The table of a document type, with its schema.</summary>
    public static string TableOf(this IReadOnlyStoreOptions options, Type document) => options.FindOrResolveDocumentType(document).TableName.QualifiedName;
}
