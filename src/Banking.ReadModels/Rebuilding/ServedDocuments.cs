using System.Globalization;
using Banking.EventStore.Storage;
using Banking.ReadModels.Documents;
using JasperFx.Events.Projections;
using Npgsql;

namespace Banking.ReadModels.Rebuilding;

/// <summary>
/// The documents that hosts serve now. Marten keeps each version of a projection in a table and under a progress of its own; the version
/// that serves may be older than that of this program.
/// </summary>
/// <param name="Version">The version of the projection.</param>
/// <param name="Shard">The name under which Marten stores its progress.</param>
/// <param name="Table">The table of its documents.</param>
/// <param name="Position">The position of the last event that they include.</param>
internal sealed record ServedDocuments(int Version, string Shard, string Table, long Position)
{
    /// <summary>Finds the newest version, up to that of this program, that has been projected.</summary>
    /// <returns>Null if none has.</returns>
    public static async Task<ServedDocuments?> FindAsync(DocumentModel model, NpgsqlConnection connection, CancellationToken ct)
    {
        for (var version = model.Version; version > 0; version--)
        {
            var found = Of(model, version);
            if (await found.ReadAsync(connection, locked: false, ct) is { } position)
            {
                return found with { Position = position };
            }
        }

        return null;
    }

    /// <summary>Reads the position again.</summary>
    /// <param name="locked">Whether to lock it, so that no host moves the documents.</param>
    /// <exception cref="InvalidOperationException">The documents are being rebuilt: there is nothing to compare with.</exception>
    public async Task<ServedDocuments> ReadAgainAsync(NpgsqlConnection connection, bool locked, CancellationToken ct) =>
        await ReadAsync(connection, locked, ct) is { } position
            ? this with { Position = position }
            : throw new InvalidOperationException($"The documents of {Shard} are being rebuilt.");

    private Task<long?> ReadAsync(NpgsqlConnection connection, bool locked, CancellationToken ct) => connection.ScalarAsync<long?>(
        $"select last_seq_id from {SchemaNames.Events}.mt_event_progression where name = $1" + (locked ? " for update" : ""), [Shard], ct);

    private static ServedDocuments Of(DocumentModel model, int version)
    {
        // Marten leaves the number of the first version out.
        static string Suffix(int version) => version > 1 ? string.Create(CultureInfo.InvariantCulture, $"_{version}") : "";
        var table = model.Table[..^Suffix(model.Version).Length] + Suffix(version);
        return new(version, new ShardName(model.Name, ShardName.All, (uint)version).Identity, table, 0);
    }
}
