using Banking.ReadModels.Books;
using NpgsqlTypes;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// The figures of the bank: how many events of each kind were recorded on a day in a currency, and their amounts. Each page of events adds
/// to them; a rebuild sums the entries. Numeric amounts: those of the whole bank in a day may exceed 64 bits.
/// </summary>
internal static class DayFigures
{
    private const string Key = "recorded_on, currency, scale, kind";

    public static ReadTable Table { get; } = new(
        EntriesModel.BankDay,
        "recorded_on date not null, currency text not null, scale smallint not null, kind smallint not null, "
            + "events bigint not null, amount numeric not null",
        Key)
    {
        Derivation = new(
            EntriesModel.Entry,
            "recorded_on",
            $$"""
            select (recorded_at at time zone 'UTC')::date as recorded_on, currency, scale, kind,
                count(*) as events, sum(abs(amount)) as amount
            from {from} where kind <> 0 and {condition} group by 1, 2, 3, 4
            """,
            ["events", "amount"])
        {
            PartOfRow = "(recorded_at at time zone 'UTC')::date",
        },
    };

    public static Task AddAsync(RowWriter rows, ReadTables tables, IReadOnlyList<EntryRow> entries, CancellationToken ct)
    {
        var sums = new Dictionary<(DateOnly RecordedOn, string Currency, short Scale, short Kind), (long Events, decimal Amount)>();
        foreach (var entry in entries.Where(e => e.Kind != EntryKind.None))
        {
            var (day, currency) = (DateOnly.FromDateTime(entry.RecordedAt.UtcDateTime), entry.Currency);
            var key = (day, currency.Code, (short)currency.Scale, (short)entry.Kind);
            var sum = sums.GetValueOrDefault(key);
            sums[key] = (sum.Events + 1, sum.Amount + Math.Abs((decimal)entry.Amount));
        }

        var days = sums.ToList();
        return days.Count == 0 ? Task.CompletedTask : rows.ExecuteAsync(
            $"""
            insert into {tables[EntriesModel.BankDay]} as d ({Key}, events, amount) select * from unnest($1, $2, $3, $4, $5, $6)
            on conflict ({Key}) do update set events = d.events + excluded.events, amount = d.amount + excluded.amount
            """,
            ct,
            RowWriter.Column(days, NpgsqlDbType.Date, d => d.Key.RecordedOn),
            RowWriter.Column(days, NpgsqlDbType.Text, d => d.Key.Currency),
            RowWriter.Column(days, NpgsqlDbType.Smallint, d => d.Key.Scale),
            RowWriter.Column(days, NpgsqlDbType.Smallint, d => d.Key.Kind),
            RowWriter.Column(days, NpgsqlDbType.Bigint, d => d.Value.Events),
            RowWriter.Column(days, NpgsqlDbType.Numeric, d => d.Value.Amount));
    }
}
