using Banking.Commands.Groups;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Banking.ReadModels.Books;
using Marten;
using Npgsql;
using NpgsqlTypes;

namespace Banking.ReadModels.Comparing;

/// <summary>Compares the lookup documents of states, such as a claimed account number, with those that the states give.</summary>
internal sealed class StateLookups<TState>(IDocumentStore store, GroupRules<TState> rules)
    where TState : class, IEventSourced<TState>
{
    private readonly string _name = rules.ComparedAs ?? TState.StreamType;

    public async Task<IReadOnlyList<Difference>> CompareAsync(
        NpgsqlConnection snapshot, IReadOnlyList<TState> states, CancellationToken ct)
    {
        var differences = new List<Difference>();
        foreach (
            var lookup in states.SelectMany(s => Lookups(s).Select(l => (State: s, l.Table, l.Document, l.Json))).GroupBy(l => l.Table))
        {
            var ids = lookup.Select(l => lookup.Key.Id(l.Document));
            var found = (await snapshot.ListAsync(
                $"select id::text, data::text from {lookup.Key.Name} where id = any($1)",
                [lookup.Key.IdType == NpgsqlDbType.Uuid
                    ? ids.Cast<Guid>().ToArray()
                    : (NpgsqlDbType.Array | NpgsqlDbType.Varchar).Of(ids.Cast<string>().ToArray())],
                row => (Id: row.GetString(0), Json: row.GetString(1)),
                ct)).ToDictionary(StringComparer.Ordinal);
            foreach (var (state, table, document, json) in lookup)
            {
                var stored = found.GetValueOrDefault(table.Id(document).ToString()!);
                if (stored is null || !JsonText.IsSame(json, stored))
                {
                    differences.Add(new(_name, DocumentTable.PlainName(table.Name), state.Id, json, stored));
                }
            }
        }

        return differences;
    }

    /// <summary>Adds the documents of a state that are missing.</summary>
    /// <returns>Those that were added.</returns>
    public async Task<IReadOnlyList<Difference>> RepairAsync(NpgsqlConnection connection, TState state, CancellationToken ct)
    {
        var found = new List<Difference>();
        foreach (var (lookup, document, json) in Lookups(state))
        {
            if (await connection.ExecuteAsync(
                $"insert into {lookup.Name} (id, data, mt_dotnet_type) values ($1, $2, $3) on conflict (id) do nothing",
                [lookup.Id(document), NpgsqlDbType.Jsonb.Of(json), lookup.Document.FullName],
                ct) > 0)
            {
                found.Add(new(_name, DocumentTable.PlainName(lookup.Name), state.Id, json, null));
            }
        }

        return found;
    }

    private IEnumerable<(DocumentTable Table, object Document, string Json)> Lookups(TState state) =>
        rules
            .LookupDocuments(null, state)
            .Select(d => (DocumentTable.Of(store.Options, d.GetType()), d, store.Options.Serializer().ToJson(d)));
}
