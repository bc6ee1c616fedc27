using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Platform.ReadModels;
using Banking.SharedKernel;
using JasperFx.Events;
using NpgsqlTypes;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// What happened on each account, for both time axes: a row per event, only ever added, with the balance after it; and every 512 events of
/// an account their sums by day. So a balance at any pair of instants is a sum over days and at most a few hundred rows, and a backdated
/// entry is one more row and changes none.
/// </summary>
public sealed class EntriesModel : ReadModel
{
    public const string ModelName = "entries";
    public const string Entry = "entry";
    public const string Day = "entry_day";

    /// <summary>Events of an account whose sums are kept together. In the views and in what is stored: a change needs a new version.</summary>
    public const int Chunk = 512;

    public override string Name => ModelName;

    public override int Version => 1;

    public override string Schema => AccountsModule.Schema;

    public override IReadOnlyList<ReadTable> Tables { get; } =
    [
        new(Entry,
            "account uuid not null, version bigint not null, position bigint not null, movement boolean not null, amount bigint not null, " +
            "currency text not null, scale smallint not null, balance bigint not null, overdraft_limit bigint, effective_at timestamptz not null, recorded_at timestamptz not null",
            "account, version")
        {
            // The feed of the whole bank, and the search for an amount.
            Indexes = ["(position)", "(currency, abs(amount), position) where movement"],
            StreamColumn = "account",
        },
        new(Day,
            "account uuid not null, chunk int not null, day date not null, credits bigint not null, debits bigint not null, movements int not null, " +
            "events int not null, last_version bigint not null, effective_from timestamptz not null, effective_to timestamptz not null, " +
            "recorded_to timestamptz not null",
            "account, chunk, day")
        {
            StreamColumn = "account",
        },
    ];

    public override IReadOnlyList<RowWrite> Project(ReadTables tables, IReadOnlyList<IEvent> events)
    {
        ArgumentNullException.ThrowIfNull(tables);
        ArgumentNullException.ThrowIfNull(events);
        List<EntryRow> rows = [.. events.Where(e => e.Data is IAccountEvent).Select(EntryRow.Of)];
        if (rows.Count == 0)
        {
            return [];
        }

        var sealedNow = rows.Where(r => r.Version % Chunk == 0).ToList();
        return sealedNow.Count == 0 ? [Insert(tables, rows)] : [Insert(tables, rows), Seal(tables, sealedNow)];
    }

    /// <summary>
    /// The balance continues from the row before the first of each account. Where that row is missing the balance is null, which the table
    /// refuses: better no row than one after a gap.
    /// </summary>
    private static RowWrite Insert(ReadTables tables, List<EntryRow> rows) => new RowWrite(
        $"""
        with rows as (select * from unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                as r(account, version, position, movement, amount, currency, scale, overdraft_limit, effective_at, recorded_at)),
            firsts as (select account, min(version) as version from rows group by account),
            starts as (select f.account, case when f.version = 1 then 0 else e.balance end as balance
                from firsts f left join {tables[Entry]} e on e.account = f.account and e.version = f.version - 1)
        insert into {tables[Entry]} (account, version, position, movement, amount, currency, scale, balance, overdraft_limit, effective_at, recorded_at)
        select r.account, r.version, r.position, r.movement, r.amount, r.currency, r.scale,
            s.balance + sum(r.amount) over (partition by r.account order by r.version rows unbounded preceding),
            r.overdraft_limit, r.effective_at, r.recorded_at
        from rows r join starts s on s.account = r.account
        """)
        .Column(rows, NpgsqlDbType.Uuid, r => r.Account)
        .Column(rows, NpgsqlDbType.Bigint, r => r.Version)
        .Column(rows, NpgsqlDbType.Bigint, r => r.Position)
        .Column(rows, NpgsqlDbType.Boolean, r => r.Movement)
        .Column(rows, NpgsqlDbType.Bigint, r => r.Amount)
        .Column(rows, NpgsqlDbType.Text, r => r.Currency.Code)
        .Column(rows, NpgsqlDbType.Smallint, r => (short)r.Currency.Scale)
        .Column(rows, NpgsqlDbType.Bigint, r => r.OverdraftLimit)
        .Column(rows, NpgsqlDbType.TimestampTz, r => r.EffectiveAt)
        .Column(rows, NpgsqlDbType.TimestampTz, r => r.RecordedAt);

    /// <summary>Sums the chunks that are complete with this page. Each row says which instants it spans, so that a reader knows whether to look inside.</summary>
    private static RowWrite Seal(ReadTables tables, List<EntryRow> last) => new RowWrite(
        $"""
        insert into {tables[Day]} (account, chunk, day, credits, debits, movements, events, last_version, effective_from, effective_to, recorded_to)
        select e.account, s.chunk, (e.effective_at at time zone 'UTC')::date,
            coalesce(sum(e.amount) filter (where e.amount > 0), 0), coalesce(-sum(e.amount) filter (where e.amount < 0), 0),
            count(*) filter (where e.movement), count(*), max(e.version), min(e.effective_at), max(e.effective_at), s.recorded_at
        from unnest($1, $2, $3) as s(account, chunk, recorded_at)
        join {tables[Entry]} e on e.account = s.account and e.version > s.chunk::bigint * {Chunk} and e.version <= (s.chunk + 1)::bigint * {Chunk}
        group by e.account, s.chunk, (e.effective_at at time zone 'UTC')::date, s.recorded_at
        """)
        .Column(last, NpgsqlDbType.Uuid, r => r.Account)
        .Column(last, NpgsqlDbType.Integer, r => (int)(r.Version / Chunk) - 1)
        .Column(last, NpgsqlDbType.TimestampTz, r => r.RecordedAt);
}

/// <summary>What one event of an account writes, before the balance is known.</summary>
/// <param name="Currency">Of an event that moves no money and sets no limit: none.</param>
internal readonly record struct EntryRow(
    Guid Account, long Version, long Position, bool Movement, long Amount, Currency Currency, long? OverdraftLimit,
    DateTimeOffset EffectiveAt, DateTimeOffset RecordedAt)
{
    public static EntryRow Of(IEvent e)
    {
        try
        {
            var fact = (IAccountEvent)e.Data;
            var movement = fact as IMovement;
            var limit = fact switch { AccountOpened opened => opened.OverdraftLimit, OverdraftLimitSet set => set.Limit, _ => default(Money?) };
            return new(
                e.StreamId, e.Version, e.Sequence, movement is not null,
                movement is null ? 0 : movement.Direction == Direction.Credit ? movement.Amount.Minor : checked(-movement.Amount.Minor),
                movement?.Amount.Currency ?? limit?.Currency ?? default, limit?.Minor, fact.EffectiveAt, e.Timestamp);
        }
        catch (Exception failure) when (failure is not UnreadableEventException)
        {
            throw new UnreadableEventException(e, failure);
        }
    }
}
