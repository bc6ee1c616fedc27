using Banking.Accounts.Contracts;
using Banking.EventStore.Log;
using Banking.ReadModels.Books;
using JasperFx.Events;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// The entries of each account: one row per event with the balance after it, and sums per day for <see cref="Chunks"/> of events. So a
/// balance at any pair of instants is a sum over days and a few hundred rows. Rows are only added: a backdated entry changes no other row.
/// <see cref="DayFigures"/> sum the entries of the whole bank.
/// </summary>
public sealed class EntriesModel : ReadModel
{
    public const string ModelName = "entries";
    public const string Entry = "entry";
    public const string Day = "entry_day";
    public const string BankDay = "bank_day";

    public override string Name => ModelName;

    public override int Version => 4;

    public override string Schema => AccountsModule.Schema;

    public override IReadOnlyList<ReadTable> Tables { get; } =
    [
        new(
            Entry,
            "account uuid not null, version bigint not null, position bigint not null, movement boolean not null, "
                + "kind smallint not null, amount bigint not null, "
                + "currency text not null, scale smallint not null, balance bigint not null, overdraft_limit bigint, "
                + "effective_at timestamptz not null, effective_tick smallint not null, recorded_at timestamptz not null, "
                + "correlation bigint not null",
            "account, version")
        {
            // For the newest entries of the bank, the search for an amount, the account at a past moment, the lists of transactions, and
            // the search for a correlation.
            Indexes =
            [
                "(position)",
                "(abs(amount)) where movement",
                "(account, version) where not movement",
                $"(kind, recorded_at, position) where {MovementKinds.IsTransaction}",
                $"(correlation) where {MovementKinds.IsTransaction}",
            ],
            StreamColumn = "account",
            UpToVersion = "version <= $2",
            RecordedColumn = "recorded_at",
        },
        new(
            Day,
            "account uuid not null, level smallint not null, chunk int not null, day date not null, credits numeric not null, "
                + "debits numeric not null, movements int not null, events int not null, last_version bigint not null, "
                + "effective_from timestamptz not null, effective_to timestamptz not null",
            "account, level, chunk, day")
        {
            // Finds the chunks with events of a day.
            Indexes = ["(account, day, chunk) where level = 0"],
            StreamColumn = "account",
            UpToVersion = $"(chunk + 1)::bigint * {Chunks.Size} * ({Chunks.FanOut} ^ level)::bigint <= $2",
        },
        DayFigures.Table,
    ];

    public override async Task ProjectAsync(RowWriter rows, ReadTables tables, IReadOnlyList<IEvent> events, CancellationToken ct)
    {
        IReadOnlyList<EntryRow> entries = [.. events.Where(e => e.Data is IAccountEvent).Select(EntryRow.Of)];
        var ends = await FindLastEntriesAsync(rows, tables, entries, ct);
        entries = await EntryCurrencies.CompleteAsync(rows, tables, entries, ct);
        await rows.AddAsync(
            tables[Entry],
            "account, version, position, movement, kind, amount, currency, scale, balance, overdraft_limit, "
                + "effective_at, effective_tick, recorded_at, correlation",
            entries,
            (row, e) =>
            {
                var balance = checked(ends[e.Account].Balance + e.Amount);
                ends[e.Account] = new(e.Version, balance);
                row.Write(e.Account, NpgsqlDbType.Uuid);
                row.Write(e.Version, NpgsqlDbType.Bigint);
                row.Write(e.Position, NpgsqlDbType.Bigint);
                row.Write(e.Movement, NpgsqlDbType.Boolean);
                row.Write((short)e.Kind, NpgsqlDbType.Smallint);
                row.Write(e.Amount, NpgsqlDbType.Bigint);
                row.Write(e.Currency.Code, NpgsqlDbType.Text);
                row.Write((short)e.Currency.Scale, NpgsqlDbType.Smallint);
                row.Write(balance, NpgsqlDbType.Bigint);
                row.Write(e.OverdraftLimit, NpgsqlDbType.Bigint);
                row.Write(EntryRow.MicrosecondOf(e.EffectiveAt), NpgsqlDbType.TimestampTz);
                row.Write(EntryRow.TickOf(e.EffectiveAt), NpgsqlDbType.Smallint);
                row.Write(e.RecordedAt.UtcDateTime, NpgsqlDbType.TimestampTz);
                row.Write(e.Correlation, NpgsqlDbType.Bigint);
            },
            ct);
        rows.Memory.Of<LastEntries>().Remember(ends);
        for (var level = 0; level < Chunks.Levels; level++)
        {
            await ChunkSums.AddAsync(rows, tables, level, [.. entries.Where(e => e.Version % Chunks.SizeOf(level) == 0)], ct);
        }

        if (rows.Sums)
        {
            await DayFigures.AddAsync(rows, tables, entries, ct);
        }
    }

    /// <summary>Compares the balance after each event with the fold of decisions.</summary>
    public override async Task<IReadOnlyList<Difference>> CompareWithFoldsAsync(
        NpgsqlConnection snapshot, ReadTables tables, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> streams, CancellationToken ct)
    {
        return await FoldComparison.CompareBalancesAsync(snapshot, tables, streams, ct);
    }

    public override Task<IReadOnlyList<Difference>> CompareEndsAsync(
        NpgsqlConnection snapshot, ReadTables tables, Guid[] streams, CancellationToken ct)
    {
        return FoldComparison.CompareLastRowsAsync(snapshot, tables, streams, ct);
    }

    public override string CustomerTotals(ReadTables tables)
    {
        // The balance is in the account's last row, the currency in its first: events that move no money have none. States are not used,
        // because a stored state may be missing.
        return $"""
            select o.currency, o.scale, sum(e.balance)
            from {tables[Entry]} o
            cross join lateral (select balance from {tables[Entry]} where account = o.account order by version desc limit 1) e
            where o.version = 1 and o.overdraft_limit is not null
            group by 1, 2 having sum(e.balance) <> 0
            """;
    }

    /// <summary>The row of each account before its first event in this page. That row must exist.</summary>
    private static async Task<Dictionary<Guid, LastEntry>> FindLastEntriesAsync(
        RowWriter rows, ReadTables tables, IReadOnlyList<EntryRow> entries, CancellationToken ct)
    {
        var cached = rows.Memory.Of<LastEntries>();
        var ends = new Dictionary<Guid, LastEntry>();
        var versions = new Dictionary<Guid, long>();
        var missing = new List<EntryRow>();
        foreach (var entry in entries)
        {
            if (versions.TryGetValue(entry.Account, out var before) ? entry.Version != before + 1 : entry.Version < 1)
            {
                throw new UnreadableEventException(
                    entry.Event,
                    new InvalidOperationException($"It follows version {before} of its account, not version {entry.Version - 1}."));
            }

            versions[entry.Account] = entry.Version;
            if (before > 0)
            {
                continue;
            }

            // An account that begins in this page is not cached; its default has version zero.
            var end = ends[entry.Account] = cached.Find(entry.Account);
            if (end.Version != entry.Version - 1)
            {
                missing.Add(entry);
            }
        }

        if (missing.Count > 0)
        {
            var found = await rows.ReadAsync<Guid, long>(
                $"select e.account, e.balance from unnest($1, $2) as f(account, version) "
                    + $"join {tables[Entry]} e on e.account = f.account and e.version = f.version - 1",
                ct,
                RowWriter.Column(missing, NpgsqlDbType.Uuid, e => e.Account),
                RowWriter.Column(missing, NpgsqlDbType.Bigint, e => e.Version));
            foreach (var first in missing)
            {
                ends[first.Account] = found.TryGetValue(first.Account, out var balance)
                    ? new(first.Version - 1, balance)
                    : throw new UnreadableEventException(
                        first.Event, new InvalidOperationException($"There is no row of version {first.Version - 1} of its account."));
            }
        }

        return ends;
    }
}
