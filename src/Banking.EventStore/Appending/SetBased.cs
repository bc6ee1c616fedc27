using System.Data.Common;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using JasperFx;
using NpgsqlTypes;
using Weasel.Core;
using Weasel.Storage;
using ICommandBuilder = Weasel.Postgresql.ICommandBuilder;
using IStorageOperation = Marten.Internal.Operations.IStorageOperation;

namespace Banking.EventStore.Appending;

/// <summary>Passes many rows as one array parameter per column.</summary>
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
/// Inserts documents of one type with one statement; Marten's own insert is a statement per document. An id that exists fails the session,
/// as with Marten.
/// </summary>
internal sealed class InsertDocuments(DocumentTable table, Marten.ISerializer serializer, IReadOnlyList<object> documents)
    : IStorageOperation
{
    public Type DocumentType => table.Document;

    public OperationRole Role() => OperationRole.Insert;

    public void ConfigureCommand(ICommandBuilder builder, IStorageSession session)
    {
        builder.Append($"insert into {table.Name} (id, data, mt_dotnet_type) select id, data, '{table.Document.FullName}' from unnest(");
        if (table.IdType == NpgsqlDbType.Uuid)
        {
            builder.AppendArray(documents, d => (Guid)table.Id(d), table.IdType);
        }
        else
        {
            builder.AppendArray(documents, d => (string)table.Id(d), table.IdType);
        }

        builder.AppendArray(documents, d => serializer.ToJson(d), NpgsqlDbType.Jsonb, ",");
        builder.Append(") as d(id, data) on conflict (id) do nothing returning 1");
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
            exceptions.Add(new DocumentAlreadyExistsException(table.Document, $"{documents.Count - inserted} of {documents.Count}"));
        }
    }
}

/// <summary>
/// Stores the states of a group with one statement. The caller holds the locks of their streams, so the table cannot have newer ones. The
/// table has only Marten's columns and the last event: searches use lookup documents, so that an update touches no index.
/// </summary>
internal sealed class UpsertStates<TState>(DocumentTable table, Marten.ISerializer serializer, IReadOnlyList<StoredState<TState>> states)
    : IStorageOperation
    where TState : class, IEventSourced<TState>
{
    public Type DocumentType => typeof(TState);

    public OperationRole Role() => OperationRole.Upsert;

    public void ConfigureCommand(ICommandBuilder builder, IStorageSession session)
    {
        builder.Append(
            $"insert into {table.Name} as d (id, data, mt_version, {StoredStates.LastEventColumn}, mt_dotnet_type) " +
            $"select id, data, version, last_event, '{table.Document.FullName}' from unnest(");
        builder.AppendArray(states, s => s.State.Id, NpgsqlDbType.Uuid);
        builder.AppendArray(states, s => serializer.ToJson(s.State), NpgsqlDbType.Jsonb, ",");
        builder.AppendArray(states, s => s.State.Version, NpgsqlDbType.Bigint, ",");
        builder.AppendArray(states, s => s.LastEvent, NpgsqlDbType.Uuid, ",");
        builder.Append(
            ") as n(id, data, version, last_event) on conflict (id) do update set data = excluded.data, mt_version = excluded.mt_version, "
                + $"{StoredStates.LastEventColumn} = excluded.{StoredStates.LastEventColumn}, "
                + "mt_last_modified = transaction_timestamp() returning 1");
    }

    public async Task PostprocessAsync(DbDataReader reader, IList<Exception> exceptions, CancellationToken token)
    {
        var stored = 0;
        while (await reader.ReadAsync(token))
        {
            stored++;
        }

        if (stored != states.Count)
        {
            exceptions.Add(new ConcurrencyException($"{stored} of {states.Count} states were stored.", typeof(TState), Guid.Empty));
        }
    }
}
