using Banking.Ledger.Domain;
using Banking.Platform.ReadModels;
using JasperFx.Events;
using NpgsqlTypes;

namespace Banking.Ledger.ReadModels;

/// <summary>
/// The general ledger: the journal, a row per movement and only ever added, and sums per GL account, currency, effective day and day of
/// recording. A trial balance for any day as known at any instant is a sum over days and the rows of the day of that instant.
/// </summary>
public sealed class LedgerModel : ReadModel
{
    public const string ModelName = "ledger";
    public const string Journal = "journal";
    public const string Day = "gl_day";

    public override string Name => ModelName;

    public override int Version => 1;

    public override string Schema => LedgerModule.Schema;

    public override IReadOnlyList<ReadTable> Tables { get; } =
    [
        new(Journal,
            "position bigint not null, account uuid not null, counter smallint not null, currency text not null, scale smallint not null, " +
            "credit bigint not null, effective_on date not null, recorded_at timestamptz not null",
            "position")
        {
            // From a figure to its entries; and the entries of a day of recording, which lie together.
            Indexes = ["(counter, currency, effective_on, position)", "using brin (recorded_at) with (pages_per_range = 16)"],
            StreamColumn = "account",
        },
        new(Day,
            "gl smallint not null, currency text not null, scale smallint not null, effective_on date not null, recorded_on date not null, " +
            "debits bigint not null, credits bigint not null, entries bigint not null",
            "gl, currency, scale, effective_on, recorded_on")
        {
            Derivation = new(Journal, "effective_on",
                $$"""
                select gl, currency, scale, effective_on, (recorded_at at time zone 'UTC')::date as recorded_on,
                    coalesce(sum(amount) filter (where amount > 0), 0)::bigint as debits,
                    coalesce(-sum(amount) filter (where amount < 0), 0)::bigint as credits, count(*) as entries
                from (
                    select {{Chart.CustomerDeposits.Code}}::smallint as gl, currency, scale, effective_on, recorded_at, -credit as amount from {from}
                    union all
                    select counter, currency, scale, effective_on, recorded_at, credit from {from}) as line
                where {condition} group by 1, 2, 3, 4, 5
                """),
        },
    ];

    public override IReadOnlyList<RowWrite> Project(ReadTables tables, IReadOnlyList<IEvent> events)
    {
        ArgumentNullException.ThrowIfNull(tables);
        ArgumentNullException.ThrowIfNull(events);
        var entries = events.Select(Entry).OfType<JournalEntry>().ToList();
        return entries.Count == 0 ? [] : [Insert(tables, entries), Sum(tables, entries)];
    }

    private static JournalEntry? Entry(IEvent e)
    {
        try
        {
            return JournalEntry.Of(e);
        }
        catch (Exception failure)
        {
            throw new UnreadableEventException(e, failure);
        }
    }

    private static RowWrite Insert(ReadTables tables, List<JournalEntry> entries) => new RowWrite(
        $"""
        insert into {tables[Journal]} (position, account, counter, currency, scale, credit, effective_on, recorded_at)
        select * from unnest($1, $2, $3, $4, $5, $6, $7, $8)
        """)
        .Column(entries, NpgsqlDbType.Bigint, e => e.Position)
        .Column(entries, NpgsqlDbType.Uuid, e => e.Account)
        .Column(entries, NpgsqlDbType.Smallint, e => e.Counter.Code)
        .Column(entries, NpgsqlDbType.Text, e => e.Credit.Currency.Code)
        .Column(entries, NpgsqlDbType.Smallint, e => (short)e.Credit.Currency.Scale)
        .Column(entries, NpgsqlDbType.Bigint, e => e.Credit.Minor)
        .Column(entries, NpgsqlDbType.Date, e => e.EffectiveOn)
        .Column(entries, NpgsqlDbType.TimestampTz, e => e.RecordedAt);

    private static RowWrite Sum(ReadTables tables, List<JournalEntry> entries)
    {
        var sums = new Dictionary<DayKey, DaySum>();
        foreach (var entry in entries)
        {
            foreach (var (account, amount) in entry.Lines())
            {
                var key = new DayKey(
                    account.Code, entry.Credit.Currency.Code, (short)entry.Credit.Currency.Scale, entry.EffectiveOn,
                    DateOnly.FromDateTime(entry.RecordedAt.UtcDateTime));
                sums[key] = sums.GetValueOrDefault(key).With(amount);
            }
        }

        // In one order everywhere: two that write the same days at once must not wait for each other.
        var rows = sums.OrderBy(s => s.Key.Gl).ThenBy(s => s.Key.EffectiveOn).ThenBy(s => s.Key.RecordedOn).ThenBy(s => s.Key.Currency, StringComparer.Ordinal).ToList();
        return new RowWrite(
            $"""
            insert into {tables[Day]} as d (gl, currency, scale, effective_on, recorded_on, debits, credits, entries)
            select * from unnest($1, $2, $3, $4, $5, $6, $7, $8)
            on conflict (gl, currency, scale, effective_on, recorded_on)
            do update set debits = d.debits + excluded.debits, credits = d.credits + excluded.credits, entries = d.entries + excluded.entries
            """)
            .Column(rows, NpgsqlDbType.Smallint, r => r.Key.Gl)
            .Column(rows, NpgsqlDbType.Text, r => r.Key.Currency)
            .Column(rows, NpgsqlDbType.Smallint, r => r.Key.Scale)
            .Column(rows, NpgsqlDbType.Date, r => r.Key.EffectiveOn)
            .Column(rows, NpgsqlDbType.Date, r => r.Key.RecordedOn)
            .Column(rows, NpgsqlDbType.Bigint, r => r.Value.Debits)
            .Column(rows, NpgsqlDbType.Bigint, r => r.Value.Credits)
            .Column(rows, NpgsqlDbType.Bigint, r => r.Value.Entries);
    }

    private readonly record struct DayKey(short Gl, string Currency, short Scale, DateOnly EffectiveOn, DateOnly RecordedOn);

    private readonly record struct DaySum(long Debits, long Credits, long Entries)
    {
        public DaySum With(long amount) => amount > 0
            ? new(checked(Debits + amount), Credits, Entries + 1)
            : new(Debits, checked(Credits - amount), Entries + 1);
    }
}
