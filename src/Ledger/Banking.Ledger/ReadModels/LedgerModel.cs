using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.Ledger.Domain;
using Banking.ReadModels.Books;
using JasperFx.Events;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Ledger.ReadModels;

/// <summary>
/// The general ledger: the journal with one row per movement, which is only added to, and sums per GL account, currency, effective day and
/// day of recording. A trial balance for a day as known at an instant is a sum over days, over the chunks of the day of that instant, and
/// over the rows of the chunk of that instant.
/// </summary>
public sealed class LedgerModel : ReadModel
{
    public const string ModelName = "ledger";
    public const string Journal = "journal";
    public const string Day = "gl_day";
    public const string Chunk = "gl_chunk";

    /// <summary>All codes, as a condition that lets PostgreSQL use the index for a day's rows.</summary>
    private static readonly string Codes = "{" + string.Join(',', Chart.All.Select(a => a.Code)) + "}";

    /// <param name="chunkPositions">Positions of a chunk: another number needs another version.</param>
    public LedgerModel(int chunkPositions)
    {
        ChunkPositions = chunkPositions;
        Tables = [GlChunk.Table(chunkPositions, Codes), .. JournalAndDays];
    }

    public LedgerModel()
        : this(GlChunk.Positions)
    {
    }

    public override string Name => ModelName;

    public override int Version => 2;

    /// <summary>Positions of a chunk.</summary>
    public int ChunkPositions { get; }

    public override string Schema => LedgerModule.Schema;

    public override IReadOnlyList<ReadTable> Tables { get; }

    private static IReadOnlyList<ReadTable> JournalAndDays =>
    [
        new(
            Journal,
            "position bigint not null, account uuid not null, counter smallint not null, currency text not null, scale smallint not null, "
                + "credit bigint not null, effective_on date not null, recorded_at timestamptz not null",
            "position")
        {
            // For the entries of a figure, and for the entries of a day of recording, which are adjacent.
            Indexes = ["(counter, effective_on, position)", "using brin (recorded_at) with (autosummarize = on)"],
            StreamColumn = "account",
            RecordedColumn = "recorded_at",
        },
        new(
            Day,
            // Numeric sums: the movements of the whole bank in a day may exceed 64 bits.
            "gl smallint not null, currency text not null, scale smallint not null, effective_on date not null, recorded_on date not null, "
                + "debits numeric not null, credits numeric not null, entries bigint not null",
            "gl, currency, scale, effective_on, recorded_on")
        {
            Derivation = new(Journal, "effective_on",
                $$"""
                select gl, currency, scale, effective_on, (recorded_at at time zone 'UTC')::date as recorded_on,
                    coalesce(sum(amount) filter (where amount > 0), 0) as debits,
                    coalesce(-sum(amount) filter (where amount < 0), 0) as credits, count(*) as entries
                from (
                    select {{Chart.CustomerDeposits.Code}}::smallint as gl, currency, scale, effective_on, recorded_at, -credit as amount
                    from {from} where counter = any('{{Codes}}')
                    union all
                    select counter, currency, scale, effective_on, recorded_at, credit from {from} where counter = any('{{Codes}}')) as line
                where {condition} group by 1, 2, 3, 4, 5
                """,
                ["debits", "credits", "entries"]),
        },
    ];

    /// <summary>The computation of <see cref="Day"/> from <see cref="Journal"/>.</summary>
    internal Derivation Days => Tables.Single(t => t.Name == Day).Derivation!;

    public override async Task ProjectAsync(RowWriter rows, ReadTables tables, IReadOnlyList<IEvent> events, CancellationToken ct)
    {
        var entries = events.Select(Entry).OfType<JournalEntry>().ToList();
        await rows.AddAsync(
            tables[Journal], "position, account, counter, currency, scale, credit, effective_on, recorded_at", entries,
            (row, e) =>
            {
                row.Write(e.Position, NpgsqlDbType.Bigint);
                row.Write(e.Account, NpgsqlDbType.Uuid);
                row.Write(e.Counter.Code, NpgsqlDbType.Smallint);
                row.Write(e.Credit.Currency.Code, NpgsqlDbType.Text);
                row.Write((short)e.Credit.Currency.Scale, NpgsqlDbType.Smallint);
                row.Write(e.Credit.Minor, NpgsqlDbType.Bigint);
                row.Write(e.EffectiveOn, NpgsqlDbType.Date);
                row.Write(e.RecordedAt.UtcDateTime, NpgsqlDbType.TimestampTz);
            },
            ct);
        if (rows.Sums && entries.Count > 0)
        {
            await AddSumsAsync(rows, tables, entries, ct);
            await GlChunk.AddAsync(rows, tables, ChunkPositions, entries, ct);
        }
    }

    /// <summary>
    /// Debits equal credits in each currency. The balance of transfers in transit is zero, without the latest transfers, whose other half
    /// may be in the next page.
    /// </summary>
    public override async Task<IReadOnlyList<Difference>> InvariantsAsync(
        NpgsqlConnection snapshot, ReadTables tables, CancellationToken ct)
    {
        var net = await SumsByCurrencyAsync(
            snapshot, $"select currency, scale, sum(debits - credits) from {tables[Day]} group by 1, 2", ct);
        var transit = await InTransitAsync(snapshot, tables, TimeSpan.FromSeconds(10), ct);
        if (transit.Values.Any(sum => sum != Nothing))
        {
            // Halves written by a host that was suspended, or whose clock differs, may be older.
            transit = await InTransitAsync(snapshot, tables, TimeSpan.FromMinutes(1), ct);
        }

        return
        [
            .. net.Where(c => c.Value != Nothing).Select(c => new Difference(ModelName, "balance of " + c.Key, null, Nothing, c.Value)),
            .. transit
                .Where(c => c.Value != Nothing)
                .Select(c => new Difference(ModelName, "transfers in transit of " + c.Key, null, Nothing, c.Value)),
        ];
    }

    /// <summary>
    /// The balance of transfers in transit without the latest transfers. Both halves of a transfer have the same recorded time, so no
    /// transfer is split.
    /// </summary>
    private static async Task<SortedDictionary<string, string>> InTransitAsync(
        NpgsqlConnection snapshot, ReadTables tables, TimeSpan latest, CancellationToken ct)
    {
        var last = await snapshot.ScalarAsync<DateTime?>(
            $"select max(recorded_at) from (select recorded_at from {tables[Journal]} order by position desc limit 1000) e", [], ct);
        // Passed as a value, not as a subquery, so that PostgreSQL can estimate how few rows are later. The query below adds zero to the
        // counter to avoid its index, which holds half of the journal under this one account.
        var since = last is { } at ? at - latest : DateTime.UnixEpoch;
        return await SumsByCurrencyAsync(
            snapshot,
            $"""
            select currency, scale, sum(amount) from (
                select currency, scale, debits - credits as amount from {tables[Day]} where gl = {Chart.TransfersInTransit.Code}
                union all
                select currency, scale, -sum(credit) from {tables[Journal]}
                where counter + 0 = {Chart.TransfersInTransit.Code} and recorded_at > $1 group by 1, 2) t
            group by 1, 2
            """, ct, since);
    }

    public override string CustomerTotals(ReadTables tables)
    {
        return $"select currency, scale, sum(credits - debits) from {tables[Day]} where gl = {Chart.CustomerDeposits.Code} "
            + "group by 1, 2 having sum(credits - debits) <> 0";
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

    private static async Task AddSumsAsync(RowWriter rows, ReadTables tables, List<JournalEntry> entries, CancellationToken ct)
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

        // Entries balance by construction. This check keeps an error in the chart from reaching the ledger.
        foreach (var currency in sums.GroupBy(s => (s.Key.Currency, s.Key.Scale)))
        {
            if (currency.Sum(s => s.Value.Debits - s.Value.Credits) is var net && net != 0)
            {
                throw new InvalidOperationException(
                    $"The entries up to position {entries[^1].Position} are out of balance by {net} of {currency.Key.Currency}.");
            }
        }

        var days = sums.ToList();
        await rows.ExecuteAsync(
            $"""
            insert into {tables[Day]} as d (gl, currency, scale, effective_on, recorded_on, debits, credits, entries)
            select * from unnest($1, $2, $3, $4, $5, $6, $7, $8)
            on conflict (gl, currency, scale, effective_on, recorded_on)
            do update set debits = d.debits + excluded.debits, credits = d.credits + excluded.credits,
                entries = d.entries + excluded.entries
            """,
            ct,
            RowWriter.Column(days, NpgsqlDbType.Smallint, d => d.Key.Gl),
            RowWriter.Column(days, NpgsqlDbType.Text, d => d.Key.Currency),
            RowWriter.Column(days, NpgsqlDbType.Smallint, d => d.Key.Scale),
            RowWriter.Column(days, NpgsqlDbType.Date, d => d.Key.EffectiveOn),
            RowWriter.Column(days, NpgsqlDbType.Date, d => d.Key.RecordedOn),
            RowWriter.Column(days, NpgsqlDbType.Numeric, d => d.Value.Debits),
            RowWriter.Column(days, NpgsqlDbType.Numeric, d => d.Value.Credits),
            RowWriter.Column(days, NpgsqlDbType.Bigint, d => d.Value.Entries));
    }

    private readonly record struct DayKey(short Gl, string Currency, short Scale, DateOnly EffectiveOn, DateOnly RecordedOn);

    private readonly record struct DaySum(decimal Debits, decimal Credits, long Entries)
    {
        public DaySum With(long amount) => amount > 0
            ? new(Debits + amount, Credits, Entries + 1)
            : new(Debits, Credits - amount, Entries + 1);
    }
}
