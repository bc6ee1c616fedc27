using System.Collections.Concurrent;
using Banking.Ledger.Domain;
using Banking.Ledger.ReadModels;
using Banking.ReadModels.Books;
using JasperFx.Events;
using NpgsqlTypes;

namespace Banking.Ledger.Tests;

/// <summary>Version 1 of the ledger: the journal and the sums of days, without sums of chunks.</summary>
internal sealed class FormerLedger : ReadModel
{
    private static readonly LedgerModel Present = new();

    /// <summary>The journals that it wrote.</summary>
    public ConcurrentDictionary<string, bool> Written { get; } = [];

    public override string Name => LedgerModel.ModelName;

    public override int Version => 1;

    public override string Schema => LedgerModule.Schema;

    public override IReadOnlyList<ReadTable> Tables { get; } = [.. Present.Tables.Where(t => t.Name != LedgerModel.Chunk)];

    public override async Task ProjectAsync(RowWriter rows, ReadTables tables, IReadOnlyList<IEvent> events, CancellationToken ct)
    {
        var (journal, day) = (tables[LedgerModel.Journal], tables[LedgerModel.Day]);
        List<JournalEntry> entries = [.. events.Select(JournalEntry.Of).OfType<JournalEntry>()];
        Written[journal] = true;
        await rows.ExecuteAsync(
            $"insert into {journal} select * from unnest($1, $2, $3, $4, $5, $6, $7, $8)",
            ct,
            RowWriter.Column(entries, NpgsqlDbType.Bigint, e => e.Position),
            RowWriter.Column(entries, NpgsqlDbType.Uuid, e => e.Account),
            RowWriter.Column(entries, NpgsqlDbType.Smallint, e => e.Counter.Code),
            RowWriter.Column(entries, NpgsqlDbType.Text, e => e.Credit.Currency.Code),
            RowWriter.Column(entries, NpgsqlDbType.Smallint, e => (short)e.Credit.Currency.Scale),
            RowWriter.Column(entries, NpgsqlDbType.Bigint, e => e.Credit.Minor),
            RowWriter.Column(entries, NpgsqlDbType.Date, e => e.EffectiveOn),
            RowWriter.Column(entries, NpgsqlDbType.TimestampTz, e => e.RecordedAt.UtcDateTime));
        if (rows.Sums)
        {
            var page = Present.Days.Query
                .Replace("{from}", $"(select * from {journal} where position = any($1)) as page", StringComparison.Ordinal)
                .Replace("{condition}", "true", StringComparison.Ordinal);
            await rows.ExecuteAsync(
                $"""
                insert into {day} as d {page} on conflict (gl, currency, scale, effective_on, recorded_on) do update set
                    debits = d.debits + excluded.debits, credits = d.credits + excluded.credits, entries = d.entries + excluded.entries
                """,
                ct,
                RowWriter.Column(entries, NpgsqlDbType.Bigint, e => e.Position));
        }
    }
}
