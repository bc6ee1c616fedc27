using System.Data;
using Banking.EventStore.Storage;
using Banking.Ledger.Domain;
using Banking.Ledger.ReadModels;
using Banking.ReadModels.Locating;
using Banking.SharedKernel;
using Banking.Web.Http;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Ledger.Explaining;

/// <summary>Narrows the journal to the entries that may have made a line of the trial balance wrong.</summary>
public sealed class LineMistakes(NpgsqlDataSource source)
{
    /// <summary>The newest entries of the line, by effective day, are searched.</summary>
    public const int MaxSearched = 20_000;

    private const string Journal = $"{LedgerModule.Schema}.{LedgerModel.Journal}";

    /// <summary>Reads the newest entries of each counter account by its index, as the list of entries does.</summary>
    private const string Newest =
        $"""
        select j.position, j.account, j.effective_on, j.recorded_at, j.credit
        from unnest($1) as c(counter) cross join lateral (
            select * from {Journal} j
            where j.counter = c.counter and j.effective_on >= $2 and j.effective_on <= $3 and j.currency = $4 and j.scale = $5
                and ($6::timestamptz is null or j.recorded_at <= $6)
            order by j.effective_on desc, j.position desc limit $7) as j
        order by j.effective_on desc, j.position desc limit $7
        """;

    private const string Entries =
        $"""
        select j.position, e.id, e.type, j.effective_on, j.recorded_at, j.account, j.counter, j.currency, j.scale, j.credit
        from {Journal} j join {SchemaNames.Events}.mt_events e on e.seq_id = j.position where j.position = any($1)
        """;

    private readonly record struct Line(long Position, Guid Account, DateOnly Day, DateTimeOffset RecordedAt, long Credit);

    internal async Task<LineMistakesView> FindAsync(
        LineQuery query, Currency currency, Money expected, DateTimeOffset? statedAt, CancellationToken ct)
    {
        await using var snapshot = await source.OpenConnectionAsync(ct);
        await using var transaction = await snapshot.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        var sign = query.Account.IsDebitNormal ? 1 : -1;
        var balance = sign * (await LineGroups.MonthsAsync(snapshot, query with { From = null }, ct))
            .Where(m => m.Currency == currency).Sum(m => m.Debits - m.Credits);
        var lines = await LinesAsync(snapshot, query, currency, ct);
        var difference = new MoneySum((Int128)balance, currency) - expected;
        // A customer's deposits are the bank's debt: a credit to the customer raises them, and the bank's own accounts are debited.
        var amountSign = query.Account == Chart.CustomerDeposits ? -sign : sign;
        var found = MistakeSearch.Find(
            [
                .. lines.Select(l => new FigureMovement(
                    l.Position, new(l.Day, TimeOnly.MinValue, TimeSpan.Zero), checked(amountSign * l.Credit), l.Account.ToString("N"),
                    IsCorrected: false, l.RecordedAt > statedAt)),
            ],
            difference.Minor);
        var entries = await EntriesAsync(snapshot, [.. found.SelectMany(f => f.Keys).Distinct()], ct);
        return new(
            query.Account.Name, currency.Code, query.AsOf.Date, query.AsOf.KnownAt, Amount.OfMinor(balance, currency), Amount.Of(expected),
            Amount.Of(difference), lines.Count == 0 ? null : lines[^1].Day, lines.Count,
            [
                .. found.Select(f => new LineMistakeView(
                    f.Rule, f.Score, MistakeWords.Of(f.Rule),
                    f.RightAmount is { } right ? Amount.Of(new MoneySum(right, currency)) : null,
                    [.. f.Keys.Select(k => entries[k])])),
            ]);
    }

    private static Task<IReadOnlyList<Line>> LinesAsync(
        NpgsqlConnection snapshot, LineQuery query, Currency currency, CancellationToken ct) => snapshot.ListAsync(
        Newest,
        [
            query.Counters, query.Start, query.AsOf.Date, currency.Code, (short)currency.Scale,
            NpgsqlDbType.TimestampTz.Of(query.AsOf.KnownAt?.UtcDateTime), MaxSearched,
        ],
        row => new Line(
            row.GetInt64(0), row.GetGuid(1), row.GetFieldValue<DateOnly>(2), row.GetFieldValue<DateTimeOffset>(3), row.GetInt64(4)),
        ct);

    private static async Task<Dictionary<long, JournalEntryView>> EntriesAsync(
        NpgsqlConnection snapshot, long[] positions, CancellationToken ct) => (await snapshot.ListAsync(
            Entries,
            [positions],
            row => GetJournalEndpoint.View(
                row.GetGuid(1), row.GetString(2),
                new(
                    row.GetInt64(0), row.GetGuid(5), Chart.Of(row.GetInt16(6)),
                    new(row.GetInt64(9), Currency.FromStored(row.GetString(7), row.GetInt16(8))),
                    row.GetFieldValue<DateOnly>(3), row.GetFieldValue<DateTimeOffset>(4))),
            ct)).ToDictionary(e => e.Position);
}
