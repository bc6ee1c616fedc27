using System.Data.Common;
using JasperFx;
using NpgsqlTypes;
using Weasel.Core;
using Weasel.Storage;
using ICommandBuilder = Weasel.Postgresql.ICommandBuilder;
using IStorageOperation = Marten.Internal.Operations.IStorageOperation;

namespace Banking.Platform.EventSourcing;

/// <summary>Many rows as one parameter per column.</summary>
internal static class ArrayParameters
{
    public static void AppendArray<TRow, TValue>(
        this ICommandBuilder builder, IReadOnlyList<TRow> rows, Func<TRow, TValue> value, NpgsqlDbType type, string separator = "")
    {
        builder.Append(separator);
        var values = new TValue[rows.Count];
        for (var i = 0; i < rows.Count; i++)
        {
            values[i] = value(rows[i]);
        }

        builder.AppendParameter(values, NpgsqlDbType.Array | type);
    }
}

/// <summary>
/// Inserts documents of one type with one statement, where Marten's own insert is a statement each. An id that is taken fails the
/// session, as it does there.
/// </summary>
internal sealed class InsertDocuments<TDocument, TId>(
    string table, NpgsqlDbType idType, Marten.ISerializer serializer, IReadOnlyList<TDocument> documents, Func<TDocument, TId> id)
    : IStorageOperation
    where TDocument : notnull
{
    private static readonly string DotNetType = typeof(TDocument).FullName!;

    public Type DocumentType => typeof(TDocument);

    public OperationRole Role() => OperationRole.Insert;

    public void ConfigureCommand(ICommandBuilder builder, IStorageSession session)
    {
        builder.Append($"insert into {table} (id, data, mt_dotnet_type) select id, data, '{DotNetType}' from unnest(");
        builder.AppendArray(documents, id, idType);
        builder.AppendArray(documents, d => serializer.ToJson(d), NpgsqlDbType.Jsonb, ",");
        builder.Append(") as d(id, data) on conflict (id) do nothing returning id");
    }

    public async Task PostprocessAsync(DbDataReader reader, IList<Exception> exceptions, CancellationToken token)
    {
        var inserted = 0;
        while (await reader.ReadAsync(token))
        {
            inserted++;
        }

        if (inserted != documents.Count)
        {
            exceptions.Add(new DocumentAlreadyExistsException(typeof(TDocument), "one of " + documents.Count));
        }
    }
}

/// <summary>
/// Brings stored states to their new version with one statement. Only for rows that are there, and only their document and version:
/// a column that a module duplicates from a state must therefore not change after the stream's first event.
/// </summary>
internal sealed class UpdateStates<TState>(string table, Marten.ISerializer serializer, IReadOnlyList<TState> states) : IStorageOperation
    where TState : class, IEventSourced<TState>
{
    public Type DocumentType => typeof(TState);

    public OperationRole Role() => OperationRole.Update;

    public void ConfigureCommand(ICommandBuilder builder, IStorageSession session)
    {
        builder.Append($"update {table} d set data = n.data, mt_version = n.version, mt_last_modified = now() from unnest(");
        builder.AppendArray(states, s => s.Id, NpgsqlDbType.Uuid);
        builder.AppendArray(states, s => serializer.ToJson(s), NpgsqlDbType.Jsonb, ",");
        builder.AppendArray(states, s => s.Version, NpgsqlDbType.Bigint, ",");
        builder.Append(") as n(id, data, version) where d.id = n.id returning 1");
    }

    public async Task PostprocessAsync(DbDataReader reader, IList<Exception> exceptions, CancellationToken token)
    {
        var updated = 0;
        while (await reader.ReadAsync(token))
        {
            updated++;
        }

        if (updated != states.Count)
        {
            exceptions.Add(new ConcurrencyException("A stored state vanished under its lock.", typeof(TState), Guid.Empty));
        }
    }
}
