using System.Text.Json;
using Banking.EventStore.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Banking.EventStore.Archive;

/// <summary>A file that the manifest names.</summary>
/// <param name="Id">The number that the rows of archived events have in place of their data.</param>
/// <param name="Sha256">SHA-256 of the bytes of the file.</param>
/// <param name="DeletedAt">When it was deleted by a rule; null if it was not.</param>
public sealed record ManifestFile(
    int Id, string Name, long Bytes, string Sha256, ArchiveHeader Header, ArchiveFooter Footer, DateTimeOffset WrittenAt,
    DateTimeOffset? DeletedAt);

/// <summary>
/// The manifest: which parts of streams are in which file. Only the owner of the schema writes it, and nothing of it changes. The row of an
/// archived event keeps all columns but its data, which is the number of the file. A row without data that no part names is a fault.
/// </summary>
public static class ArchiveManifest
{
    public const string FileTable = SchemaNames.Platform + ".archive_file";
    public const string PartTable = SchemaNames.Platform + ".archive_part";
    public const string DeletionTable = SchemaNames.Platform + ".archive_deletion";

    /// <summary>The member of the data of a row whose event is in a file; its value is the number of the file.</summary>
    public const string Marker = "archive";

    /// <summary>Removes the data of rows. Returns the number of rows that had it.</summary>
    public const string Remove = SchemaNames.Platform + ".archive_remove";

    /// <summary>Puts the data of rows back. Returns the number of rows that lacked it.</summary>
    public const string Restore = SchemaNames.Platform + ".archive_restore";

    private const string Events = SchemaNames.Events + ".mt_events";

    /// <summary>
    /// Only rows that a part names, and that have exactly the data of the file, lose their data. The functions have the rights of their
    /// caller, so they are of use to the owner of the log only.
    /// </summary>
    internal const string Sql =
        $$"""
        create table if not exists {{FileTable}} (
            id int primary key, name text not null unique, bytes bigint not null, sha256 text not null, events bigint not null,
            first_position bigint not null, last_position bigint not null, header jsonb not null, footer jsonb not null,
            written_at timestamptz not null);
        create table if not exists {{PartTable}} (
            stream uuid not null, first_version bigint not null, last_version bigint not null, first_position bigint not null,
            last_position bigint not null, stream_type text, file int not null references {{FileTable}}, sha256 text not null,
            primary key (stream, first_version));
        create index if not exists archive_part_file on {{PartTable}} (file);
        create table if not exists {{DeletionTable}} (file int primary key references {{FileTable}}, deleted_at timestamptz not null);
        create or replace function {{Remove}}(archive int, positions bigint[], ids uuid[], contents text[]) returns bigint
            language plpgsql set search_path = pg_catalog, pg_temp as $function$
        declare
            changed bigint;
        begin
            update {{Events}} e set is_archived = true, data = jsonb_build_object('{{Marker}}', archive)
            from unnest(positions, ids, contents) as f(position, id, content)
            where e.seq_id = f.position and not e.is_archived and e.id = f.id and e.data = f.content::jsonb and exists (
                select from {{PartTable}} p where p.file = archive and p.stream = e.stream_id
                    and e.version between p.first_version and p.last_version and e.seq_id between p.first_position and p.last_position);
            get diagnostics changed = row_count;
            return changed;
        end
        $function$;
        create or replace function {{Restore}}(archive int, positions bigint[], ids uuid[], contents text[]) returns bigint
            language plpgsql set search_path = pg_catalog, pg_temp as $function$
        declare
            changed bigint;
        begin
            update {{Events}} e set is_archived = false, data = f.content::jsonb
            from unnest(positions, ids, contents) as f(position, id, content)
            where e.seq_id = f.position and e.is_archived and e.id = f.id and e.data = jsonb_build_object('{{Marker}}', archive);
            get diagnostics changed = row_count;
            return changed;
        end
        $function$
        """;

    /// <summary>
    /// SQL for whether a row belongs to the log that readers see: its stream was not archived by Marten's own means, which hides it.
    /// </summary>
    public static string IsInLog(string alias = "mt_events") => $"(not {alias}.is_archived or {alias}.data ? '{Marker}')";

    /// <summary>SQL for whether an archived row is one that a part names.</summary>
    public static string IsNamed(string alias) =>
        $"""
        exists (select from {PartTable} a where a.stream = {alias}.stream_id
            and {alias}.version between a.first_version and a.last_version
            and {alias}.data = jsonb_build_object('{Marker}', a.file))
        """;

    /// <summary>Returns the file number in the data of an archived row; null if the data is that of an event.</summary>
    public static int? FileOf(ReadOnlySpan<byte> data)
    {
        var json = new Utf8JsonReader(data);
        return json.Read() && json.TokenType == JsonTokenType.StartObject
            && json.Read() && json.TokenType == JsonTokenType.PropertyName && json.ValueTextEquals(Marker)
            && json.Read() && json.TokenType == JsonTokenType.Number && json.TryGetInt32(out var file)
            && json.Read() && json.TokenType == JsonTokenType.EndObject
                ? file
                : null;
    }

    public static async Task<IReadOnlyList<ManifestFile>> FilesAsync(NpgsqlDataSource source, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return await FilesAsync(connection, ct);
    }

    /// <summary>All files, by number.</summary>
    public static Task<IReadOnlyList<ManifestFile>> FilesAsync(NpgsqlConnection connection, CancellationToken ct) =>
        connection.ListAsync($"{Select} order by f.id", [], Read, ct);

    /// <summary>Names and sizes of the files that were not deleted.</summary>
    public static async Task<IReadOnlyList<StoredArchive>> SizesAsync(NpgsqlDataSource source, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        return await connection.ListAsync(
            $"select name, bytes from {FileTable} where id not in (select file from {DeletionTable}) order by id",
            [],
            row => new StoredArchive(row.GetString(0), row.GetInt64(1)),
            ct);
    }

    /// <summary>Counts the rows of the log without the data that a file has.</summary>
    public static Task<long> CountRemovedAsync(NpgsqlConnection connection, int file, CancellationToken ct) =>
        connection.ScalarAsync<long>(
            $"""
            select count(*) from {PartTable} p
            join {Events} e on e.stream_id = p.stream and e.version between p.first_version and p.last_version and e.is_archived
            where p.file = $1 and e.data = jsonb_build_object('{Marker}', $1::int)
            """,
            [file],
            ct,
            timeoutSeconds: 0);

    /// <summary>The parts of a file, by their first position.</summary>
    public static Task<IReadOnlyList<ArchivePart>> PartsAsync(NpgsqlConnection connection, int file, CancellationToken ct) =>
        connection.ListAsync(
            $"""
            select stream, stream_type, first_version, last_version, first_position, last_position, sha256
            from {PartTable} where file = $1 order by first_position
            """,
            [file],
            row => new ArchivePart(
                row.GetGuid(0), row.GetOrDefault<string>(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4), row.GetInt64(5),
                row.GetString(6)),
            ct);

    /// <summary>Adds a file and its parts, in the transaction of the connection.</summary>
    /// <returns>The number of the file.</returns>
    public static async Task<int> AddAsync(NpgsqlConnection owner, ArchiveFile file, DateTimeOffset now, CancellationToken ct)
    {
        var id = await owner.ScalarAsync<int>(
            $"""
            insert into {FileTable} select coalesce(max(id), 0) + 1, $1, $2, $3, $4, $5, $6, $7, $8, $9 from {FileTable} returning id
            """,
            [
                file.Name, file.Content.LongLength, file.Sha256, file.Header.Events, file.Header.FirstPosition, file.Header.LastPosition,
                NpgsqlDbType.Jsonb.Of(JsonSerializer.Serialize(file.Header, ArchiveFormat.Json)),
                NpgsqlDbType.Jsonb.Of(JsonSerializer.Serialize(file.Footer, ArchiveFormat.Json)), now,
            ],
            ct);
        await owner.ExecuteAsync(
            $"""
            insert into {PartTable} (
                stream, first_version, last_version, first_position, last_position, stream_type, sha256, file)
            select p.*, $8 from unnest($1, $2, $3, $4, $5, $6, $7) as p
            """,
            [
                Of(p => p.Stream), Of(p => p.FirstVersion), Of(p => p.LastVersion), Of(p => p.FirstPosition), Of(p => p.LastPosition),
                (NpgsqlDbType.Array | NpgsqlDbType.Text).Of(Of(p => p.StreamType)), Of(p => p.Sha256), id,
            ],
            ct);
        return id;

        T[] Of<T>(Func<ArchivePart, T> value) => [.. file.Parts.Select(value)];
    }

    /// <summary>Marks a file as deleted, in the transaction of the connection.</summary>
    public static Task<int> DeleteAsync(NpgsqlConnection owner, int file, DateTimeOffset now, CancellationToken ct) => owner.ExecuteAsync(
        $"insert into {DeletionTable} values ($1, $2)", [file, now], ct);

    /// <inheritdoc cref="ManifestConnections.Find"/>
    internal static ManifestFile? Find(NpgsqlDataSource source, int id)
    {
        using var command = source.CreateCommand($"{Select} where f.id = $1");
        command.Parameters.Add(new() { Value = id });
        using var reader = command.ExecuteReader();
        return reader.Read() ? Read(reader) : null;
    }

    private const string Select =
        $"""
        select f.id, f.name, f.bytes, f.sha256, f.header::text, f.footer::text, f.written_at, d.deleted_at
        from {FileTable} f left join {DeletionTable} d on d.file = f.id
        """;

    private static ManifestFile Read(NpgsqlDataReader row) => new(
        row.GetInt32(0),
        row.GetString(1),
        row.GetInt64(2),
        row.GetString(3),
        JsonSerializer.Deserialize<ArchiveHeader>(row.GetString(4), ArchiveFormat.Json)!,
        JsonSerializer.Deserialize<ArchiveFooter>(row.GetString(5), ArchiveFormat.Json)!,
        row.GetFieldValue<DateTimeOffset>(6),
        row.GetOrDefault<DateTimeOffset?>(7));
}
