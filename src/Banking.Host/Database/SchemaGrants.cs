using Banking.Platform;
using Banking.Platform.ReadModels;
using Npgsql;

namespace Banking.Host.Database;

/// <summary>What the host's role may do, granted by the owner.</summary>
internal static class SchemaGrants
{
    public static Task GrantAsync(NpgsqlConnection owner, string hostRole, IEnumerable<ReadModel> models) => SqlScript.RunAsync(
        owner,
        "grants.sql",
        ("host_role", hostRole),
        ("append_only", string.Join(',', PlatformModule.AppendOnlyTables)),
        ("streams", PlatformModule.StreamTable),
        ("read_only", SchemaPart.Table),
        ("read_models", string.Join(',', models.SelectMany(m => m.Tables.Select(t => $"{m.Schema}.{t.Name}")))));

    /// <summary>The first of these tables that is missing, or that the role of this connection may not read and add to; null where there is none.</summary>
    public static async Task<string?> MissingAsync(NpgsqlConnection connection, IReadOnlyList<string> tables)
    {
        await using var command = new NpgsqlCommand(
            """
            select wanted from unnest($1::text[]) with ordinality t(wanted, place)
            where not exists (
                select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where n.nspname || '.' || c.relname = wanted and has_schema_privilege(n.oid, 'usage')
                    and has_table_privilege(c.oid, 'select') and has_table_privilege(c.oid, 'insert'))
            order by place limit 1
            """, connection)
        {
            Parameters = { new() { Value = tables.ToArray() } },
        };
        return (string?)await command.ExecuteScalarAsync();
    }
}
