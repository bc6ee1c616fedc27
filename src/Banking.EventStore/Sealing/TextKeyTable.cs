using Banking.EventStore.Keys;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.EventStore.Sealing;

/// <summary>The text key of the bank, wrapped, as stored.</summary>
internal sealed record StoredTextKey(string Id, WrappedKey Wrapped);

/// <summary>
/// The table of the text key, which has one row. It has a schema of its own, like the other keys. Unlike those of customers it belongs into
/// every backup: without it all texts are lost.
/// </summary>
internal static class TextKeyTable
{
    private const string Schema = SchemaNames.Platform + "_keys";

    public const string Name = Schema + ".text_key";

    public const string Create =
        $"""
        create schema if not exists {Schema};
        create table if not exists {Name} (
            id text primary key, wrapped text not null, wrapped_by text not null, created_at timestamptz not null default now(),
            is_only boolean not null default true unique check (is_only))
        """;

    /// <summary>Null if there is none.</summary>
    public static async Task<StoredTextKey?> FindAsync(NpgsqlDataSource source, CancellationToken ct) =>
        (await source.ListAsync(
            $"select id, wrapped_by, wrapped from {Name}", [],
            row => new StoredTextKey(row.GetString(0), new(row.GetString(1), row.GetString(2))), ct)).SingleOrDefault();

    /// <summary>Stores the key if there is none. Of hosts that do it at the same time, one does.</summary>
    public static Task AddAsync(NpgsqlDataSource source, StoredTextKey key, CancellationToken ct) => source.ExecuteAsync(
        $"insert into {Name} (id, wrapped_by, wrapped) values ($1, $2, $3) on conflict do nothing",
        [key.Id, key.Wrapped.By, key.Wrapped.Text], ct);

    /// <summary>Replaces what was read, unless another host has replaced it.</summary>
    public static Task ReplaceAsync(NpgsqlDataSource source, StoredTextKey read, WrappedKey wrapped, CancellationToken ct) =>
        source.ExecuteAsync(
            $"update {Name} set wrapped_by = $3, wrapped = $4 where id = $1 and wrapped = $2",
            [read.Id, read.Wrapped.Text, wrapped.By, wrapped.Text], ct);
}
