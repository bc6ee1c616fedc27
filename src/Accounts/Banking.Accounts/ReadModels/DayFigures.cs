using Banking.ReadModels.Books;
using NpgsqlTypes;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// The figures of the bank: how many events of each kind were recorded in a quarter of an hour in a currency, and their amounts. Each page
/// of events adds to them; a rebuild sums the entries. Numeric amounts: those of the whole bank in a day may exceed 64 bits.
/// <para>Quarters of an hour, because every time zone of today has its midnights at one: so the days of each zone are sums of them.</para>
/// </summary>
internal static class DayFigures
{
    private const int MinutesOfQuarter = 15;

    private const string Key = "recorded_on, quarter, currency, scale, kind";

    /// <summary>When a quarter began, as SQL.</summary>
    public const string Start = "(recorded_on::timestamp at time zone 'UTC' + quarter * interval '15 minutes')";

    public static ReadTable Table { get; } = new(
        EntriesModel.BankDay,
        "recorded_on date not null, quarter smallint not null, currency text not null, scale smallint not null, kind smallint not null, "
            + "events bigint not null, amount numeric not null",
        Key)
    {
        Derivation = new(
            EntriesModel.Entry,
            "recorded_on",
            $$"""
            select (recorded_at at time zone 'UTC')::date as recorded_on,
                (floor(extract(epoch from recorded_at) / 900)::bigint % 96)::smallint as quarter, currency, scale, kind,
                count(*) as events, sum(abs(amount)) as amount
            from {from} where kind <> 0 and {condition} group by 1, 2, 3, 4, 5
            """,
            ["events", "amount"])
        {
            PartOfRow = "(recorded_at at time zone 'UTC')::date",
        },
    };

    public static Task AddAsync(RowWriter rows, ReadTables tables, IReadOnlyList<EntryRow> entries, CancellationToken ct)
    {
        var sums =
            new Dictionary<(DateOnly RecordedOn, short Quarter, string Currency, short Scale, short Kind), (long Events, decimal Amount)>();
        foreach (var entry in entries.Where(e => e.Kind != EntryKind.None))
        {
            var (recorded, currency) = (entry.RecordedAt.UtcDateTime, entry.Currency);
            var key = (DateOnly.FromDateTime(recorded), QuarterOf(recorded), currency.Code, (short)currency.Scale, (short)entry.Kind);
            var sum = sums.GetValueOrDefault(key);
            sums[key] = (sum.Events + 1, sum.Amount + Math.Abs((decimal)entry.Amount));
        }

        var days = sums.ToList();
        return days.Count == 0 ? Task.CompletedTask : rows.ExecuteAsync(
            $"""
            insert into {tables[EntriesModel.BankDay]} as d ({Key}, events, amount) select * from unnest($1, $2, $3, $4, $5, $6, $7)
            on conflict ({Key}) do update set events = d.events + excluded.events, amount = d.amount + excluded.amount
            """,
            ct,
            RowWriter.Column(days, NpgsqlDbType.Date, d => d.Key.RecordedOn),
            RowWriter.Column(days, NpgsqlDbType.Smallint, d => d.Key.Quarter),
            RowWriter.Column(days, NpgsqlDbType.Text, d => d.Key.Currency),
            RowWriter.Column(days, NpgsqlDbType.Smallint, d => d.Key.Scale),
            RowWriter.Column(days, NpgsqlDbType.Smallint, d => d.Key.Kind),
            RowWriter.Column(days, NpgsqlDbType.Bigint, d => d.Value.Events),
            RowWriter.Column(days, NpgsqlDbType.Numeric, d => d.Value.Amount));
    }

    private static short QuarterOf(DateTime recorded) => (short)((recorded.Hour * 60 + recorded.Minute) / MinutesOfQuarter);
}
