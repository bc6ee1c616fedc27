using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Platform.Following;
using Banking.Platform.ReadModels;
using Banking.SharedKernel;
using JasperFx.Events;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// What happened on each account, for both time axes: a row per event, only ever added, with the balance after it; and the sums by day of
/// <see cref="Chunks"/> of them. So a balance at any pair of instants is a sum over days and at most a few hundred rows, and a backdated
/// entry is one more row and changes none.
/// </summary>
public sealed class EntriesModel : ReadModel
{
    public const string ModelName = "entries";
    public const string Entry = "entry";
    public const string Day = "entry_day";

    public override string Name => ModelName;

    public override int Version => 1;

    public override string Schema => AccountsModule.Schema;

    public override IReadOnlyList<ReadTable> Tables { get; } =
    [
        new(
            Entry,
            "account uuid not null, version bigint not null, position bigint not null, movement boolean not null, amount bigint not null, "
                + "currency text not null, scale smallint not null, balance bigint not null, overdraft_limit bigint, effective_at timestamptz not null, "
                + "effective_tick smallint not null, recorded_at timestamptz not null",
            "account, version")
        {
            // The feed of the whole bank, the search for an amount, and what an account's limit was.
            Indexes = ["(position)", "(abs(amount)) where movement", "(account, version) where overdraft_limit is not null"],
            StreamColumn = "account",
            RecordedColumn = "recorded_at",
        },
        new(
            Day,
            "account uuid not null, level smallint not null, chunk int not null, day date not null, credits numeric not null, debits numeric not null, "
                + "movements int not null, events int not null, last_version bigint not null, effective_from timestamptz not null, effective_to timestamptz not null",
            "account, level, chunk, day")
        {
            // The chunks that have something of a day: which of their rows count is told by the instants that they span.
            Indexes = ["(account, day, chunk) where level = 0"],
            StreamColumn = "account",
        },
    ];

    public override async Task ProjectAsync(RowWriter rows, ReadTables tables, IReadOnlyList<IEvent> events, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(tables);
        var entries = events.Where(e => e.Data is IAccountEvent).Select(EntryRow.Of).ToList();
        var ends = await EndsBeforeAsync(rows, tables, entries, ct);
        await rows.AddAsync(
            tables[Entry],
            "account, version, position, movement, amount, currency, scale, balance, overdraft_limit, effective_at, effective_tick, recorded_at",
            entries,
            (row, e) =>
            {
                var balance = checked(ends[e.Account].Balance + e.Amount);
                ends[e.Account] = new(e.Version, balance);
                row.Write(e.Account, NpgsqlDbType.Uuid);
                row.Write(e.Version, NpgsqlDbType.Bigint);
                row.Write(e.Position, NpgsqlDbType.Bigint);
                row.Write(e.Movement, NpgsqlDbType.Boolean);
                row.Write(e.Amount, NpgsqlDbType.Bigint);
                row.Write(e.Currency.Code, NpgsqlDbType.Text);
                row.Write((short)e.Currency.Scale, NpgsqlDbType.Smallint);
                row.Write(balance, NpgsqlDbType.Bigint);
                row.Write(e.OverdraftLimit, NpgsqlDbType.Bigint);
                row.Write(e.EffectiveAt.UtcDateTime, NpgsqlDbType.TimestampTz);
                row.Write(EntryRow.TickOf(e.EffectiveAt), NpgsqlDbType.Smallint);
                row.Write(e.RecordedAt.UtcDateTime, NpgsqlDbType.TimestampTz);
            },
            ct);
        rows.Memory.Of<LastEntries>().Remember(ends);
        for (var level = 0; level < Chunks.Levels; level++)
        {
            await SealAsync(rows, tables, level, [.. entries.Where(e => e.Version % Chunks.SizeOf(level) == 0)], ct);
        }
    }

    /// <summary>The balance after each event, by the fold that decides.</summary>
    public override async Task<IReadOnlyList<Difference>> CompareWithFoldsAsync(
        NpgsqlConnection snapshot, ReadTables tables, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> streams, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(tables);
        ArgumentNullException.ThrowIfNull(streams);
        return await FoldComparison.RunAsync(snapshot, tables, streams, ct);
    }

    public override Task<IReadOnlyList<Difference>> CompareEndsAsync(
        NpgsqlConnection snapshot, ReadTables tables, Guid[] streams, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(tables);
        return FoldComparison.EndsAsync(snapshot, tables, streams, ct);
    }

    public override string CustomerTotals(ReadTables tables)
    {
        ArgumentNullException.ThrowIfNull(tables);
        // By the last row of each account, in the currency of its first: not every event has one, and a stored state may be lost.
        return $"""
            select o.currency, o.scale, sum(e.balance)
            from {tables[Entry]} o
            cross join lateral (select balance from {tables[Entry]} where account = o.account order by version desc limit 1) e
            where o.version = 1 and o.overdraft_limit is not null
            group by 1, 2 having sum(e.balance) <> 0
            """;
    }

    /// <summary>Where each account was before its first event here: at the row before, which must be there.</summary>
    private static async Task<Dictionary<Guid, LastEntry>> EndsBeforeAsync(
        RowWriter rows, ReadTables tables, List<EntryRow> entries, CancellationToken ct)
    {
        var remembered = rows.Memory.Of<LastEntries>();
        var ends = new Dictionary<Guid, LastEntry>();
        var versions = new Dictionary<Guid, long>();
        var unknown = new List<EntryRow>();
        foreach (var entry in entries)
        {
            if (versions.TryGetValue(entry.Account, out var before) ? entry.Version != before + 1 : entry.Version < 1)
            {
                throw new UnreadableEventException(
                    entry.Event, new InvalidOperationException($"It follows version {before} of its account."));
            }

            versions[entry.Account] = entry.Version;
            if (before > 0)
            {
                continue;
            }

            // Of an account that begins here nothing is known, and its version is zero.
            var end = ends[entry.Account] = remembered.Find(entry.Account);
            if (end.Version != entry.Version - 1)
            {
                unknown.Add(entry);
            }
        }

        if (unknown.Count > 0)
        {
            var found = await rows.ReadAsync<Guid, long>(
                $"select e.account, e.balance from unnest($1, $2) as f(account, version) join {tables[Entry]} e on e.account = f.account and e.version = f.version - 1",
                ct,
                RowWriter.Column(unknown, NpgsqlDbType.Uuid, e => e.Account),
                RowWriter.Column(unknown, NpgsqlDbType.Bigint, e => e.Version));
            foreach (var first in unknown)
            {
                ends[first.Account] = found.TryGetValue(first.Account, out var balance)
                    ? new(first.Version - 1, balance)
                    : throw new UnreadableEventException(
                        first.Event, new InvalidOperationException($"There is no row of version {first.Version - 1} of its account."));
            }
        }

        return ends;
    }

    /// <summary>Sums the chunks that are complete with this page: the smallest from their rows, the others from those below them.</summary>
    private static async Task SealAsync(RowWriter rows, ReadTables tables, int level, List<EntryRow> last, CancellationToken ct)
    {
        if (last.Count == 0)
        {
            return;
        }

        var sums =
            level == 0
                ? $"""
                    select e.account, s.chunk, (e.effective_at at time zone 'UTC')::date as day, greatest(e.amount, 0) as credits, greatest(-e.amount, 0) as debits,
                        e.movement::int as movements, 1 as events, e.version as last_version, e.effective_at as effective_from, e.effective_at as effective_to
                    from unnest($1, $2) as s(account, chunk)
                    join {tables[
                        Entry
                    ]} e on e.account = s.account and e.version > s.chunk::bigint * {Chunks.Size} and e.version <= (s.chunk + 1)::bigint * {Chunks.Size}
                    """
                : $"""
                    select d.account, s.chunk, d.day, d.credits, d.debits, d.movements, d.events, d.last_version, d.effective_from, d.effective_to
                    from unnest($1, $2) as s(account, chunk)
                    join {tables[Day]} d on d.account = s.account and d.level = {level
                        - 1} and d.chunk >= s.chunk * {Chunks.Fan} and d.chunk < (s.chunk + 1) * {Chunks.Fan}
                    """;
        await rows.ExecuteAsync(
            $"""
            insert into {tables[
                Day
            ]} (account, level, chunk, day, credits, debits, movements, events, last_version, effective_from, effective_to)
            select account, {level}, chunk, day, sum(credits), sum(debits), sum(movements), sum(events), max(last_version), min(effective_from), max(effective_to)
            from ({sums}) as part group by account, chunk, day
            """,
            ct,
            RowWriter.Column(last, NpgsqlDbType.Uuid, r => r.Account),
            RowWriter.Column(last, NpgsqlDbType.Integer, r => (int)(r.Version / Chunks.SizeOf(level)) - 1));
    }
}

/// <summary>The last row of an account.</summary>
internal readonly record struct LastEntry(long Version, long Balance);

/// <summary>The last rows of accounts that moved lately.</summary>
internal sealed class LastEntries
{
    /// <summary>Beyond this, it starts over: it saves reading, it is not a register. Some ten megabytes.</summary>
    private const int Most = 100_000;

    private readonly Dictionary<Guid, LastEntry> _last = [];

    /// <summary>What it knows of an account; nothing of one that it does not know.</summary>
    public LastEntry Find(Guid account) => _last.GetValueOrDefault(account);

    public void Remember(Dictionary<Guid, LastEntry> ends)
    {
        if (_last.Count >= Most)
        {
            _last.Clear();
        }

        foreach (var (account, end) in ends)
        {
            _last[account] = end;
        }
    }
}

/// <summary>What one event of an account writes, before the balance is known.</summary>
/// <param name="Currency">Of an event that moves no money and sets no limit: none.</param>
internal readonly record struct EntryRow(
    IEvent Event, Guid Account, long Version, long Position, bool Movement, long Amount, Currency Currency, long? OverdraftLimit,
    DateTimeOffset EffectiveAt, DateTimeOffset RecordedAt)
{
    /// <summary>What PostgreSQL does not keep of an instant: its tenths of a microsecond.</summary>
    public static short TickOf(DateTimeOffset instant) => (short)(instant.UtcTicks % TimeSpan.TicksPerMicrosecond);

    public static EntryRow Of(IEvent e)
    {
        try
        {
            var fact = (IAccountEvent)e.Data;
            var movement = fact as IMovement;
            var limit = fact switch
            {
                AccountOpened opened => opened.OverdraftLimit,
                OverdraftLimitSet set => set.Limit,
                _ => default(Money?),
            };
            return new(
                e, e.StreamId, e.Version, e.Sequence, movement is not null,
                movement is null ? 0 : movement.Direction == Direction.Credit ? movement.Amount.Minor : checked(-movement.Amount.Minor),
                movement?.Amount.Currency ?? limit?.Currency ?? default, limit?.Minor, fact.EffectiveAt, e.Timestamp);
        }
        catch (Exception failure) when (failure is not UnreadableEventException)
        {
            throw new UnreadableEventException(e, failure);
        }
    }
}
