using Banking.Commands;
using Banking.EventStore;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Npgsql;

namespace Banking.Host.Database;

/// <summary>The rights of the host's role, granted by the owner.</summary>
internal static class SchemaGrants
{
    private static readonly string[] AppendOnly = [.. EventStoreModule.AppendOnlyTables, .. CommandsModule.AppendOnlyTables];

    private static readonly string[] ReadOnly = [SchemaPart.Table, .. EventStoreModule.ReadOnlyTables, .. CommandsModule.ReadOnlyTables];

    public static Task GrantAsync(NpgsqlConnection owner, string hostRole, IEnumerable<ReadModel> models) => SqlScript.RunAsync(
        owner,
        "grants.sql",
        ("host_role", hostRole),
        ("append_only", string.Join(',', AppendOnly)),
        ("streams", SchemaNames.Streams),
        ("read_only", string.Join(',', ReadOnly)),
        ("read_models", string.Join(',', models.SelectMany(m => m.Tables.Select(t => $"{m.Schema}.{t.Name}")))));

    /// <summary>
    /// Finds the first right of grants.sql and roles.sql that the role of this connection lacks, as the end of the sentence "The role may
    /// not …". Null if no right is missing.
    /// </summary>
    /// <param name="tables">Tables that must exist.</param>
    public static Task<string?> FindMissingAsync(
        NpgsqlConnection connection, IReadOnlyList<string> tables, IEnumerable<ReadModel> models) => connection.ScalarAsync<string?>(
        SqlScript.Read("missing-right.sql"),
        [
            tables.ToArray(),
            AppendOnly,
            SchemaNames.Streams,
            ReadOnly,
            models.SelectMany(m => m.Tables.Select(t => $"{m.Schema}.{t.Name}")).ToArray(),
        ],
        default);
}
