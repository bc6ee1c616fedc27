using System.Text.Json;
using Banking.EventStore.Json;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using Npgsql;

namespace Banking.Publishing.Publishers;

/// <summary>Finds publishers whose checkpoint is beyond the end of the log: they would deliver none of the next events.</summary>
internal sealed class CheckpointComparison : StoredComparison
{
    public override string Name => "publishers";

    public override Task<IReadOnlyList<Difference>> OfBankAsync(NpgsqlConnection snapshot, CancellationToken ct) => snapshot.ListAsync(
        $"""
        select p.name, p.position, l.last
        from {PublisherStore.Table} p, (select coalesce(max(seq_id), 0) as last from {SchemaNames.Events}.mt_events) l
        where p.position > l.last order by 1
        """,
        [],
        row => new Difference(
            Name,
            "publisher",
            null,
            JsonSerializer.Serialize(new { atMost = row.GetInt64(2) }, ApiJson.Options),
            JsonSerializer.Serialize(new { name = row.GetString(0), position = row.GetInt64(1) }, ApiJson.Options))
        {
            Key = row.GetString(0),
        },
        ct);
}
