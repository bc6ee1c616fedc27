using System.Data;
using System.Text.Json.Nodes;
using Banking.EventStore.Archive;
using Banking.EventStore.Log;
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
public sealed class LineMistakes(NpgsqlDataSource source, ArchivedEvents archive, LedgerModel model)
{
    /// <summary>The newest entries of the line, by effective day, are searched.</summary>
    public const int MaxSearched = 20_000;

    private const string Journal = $"{LedgerModule.Schema}.{LedgerModel.Journal}";

    /// <summary>The day from which the line has enough entries, by the sums of days; null if it has fewer.</summary>
    private const string FirstDay =
        $"""
        select max(effective_on) from (
            select effective_on, sum(sum(entries)) over (order by effective_on desc) as total
            from {LedgerModule.Schema}.{LedgerModel.Day}
            where gl = $1 and effective_on >= $2 and effective_on <= $3 and currency = $4 and scale = $5
                and ($6::timestamptz is null or recorded_on < ($6 at time zone 'UTC')::date)
            group by effective_on) d
        where total >= $7
        """;

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

    private const string Bookings =
        "select seq_id, id, data::text, is_archived, stream_id, version, type "
        + $"from {SchemaNames.Events}.mt_events where seq_id = any($1)";

    /// <summary>A booking is named by the id of its correction, of its transfer, or otherwise of its event.</summary>
    private readonly record struct Booking(long Position, string Transaction, string? Corrects)
    {
        public static Booking Of(long position, Guid id, string? data)
        {
            var json = data is null ? null : JsonNode.Parse(data);
            return new(
                position,
                (string?)json?["correction"]?["id"] ?? (string?)json?["transferId"] ?? id.ToString(),
                (string?)json?["correction"]?["corrects"]);
        }
    }

    private readonly record struct Line(long Position, Guid Account, DateOnly Day, DateTimeOffset RecordedAt, long Credit);

    internal async Task<LineMistakesView> FindAsync(
        LineQuery query, Currency currency, MoneySum expected, DateTimeOffset? statedAt, CancellationToken ct)
    {
        await using var snapshot = await source.OpenConnectionAsync(ct);
        await using var transaction = await snapshot.BeginTransactionAsync(IsolationLevel.RepeatableRead, ct);
        var sign = query.Account.IsDebitNormal ? 1 : -1;
        var balance = sign * await NetAsync(snapshot, query, currency, ct);
        var difference = new MoneySum((Int128)balance, currency) - expected;
        var lines = difference.Minor == 0 ? [] : await LinesAsync(snapshot, query, currency, ct);
        var corrected = await CorrectedAsync(snapshot, lines, ct);
        // A customer's deposits are the bank's debt: a credit to the customer raises them, and the bank's own accounts are debited.
        var amountSign = query.Account == Chart.CustomerDeposits ? -sign : sign;
        var found = MistakeSearch.Find(
            [
                .. lines.Select(l => new FigureMovement(
                    l.Position, new(l.Day, TimeOnly.MinValue, TimeSpan.Zero), checked(amountSign * l.Credit), l.Account.ToString("N"),
                    corrected.Contains(l.Position), l.RecordedAt > statedAt)),
            ],
            difference.Minor,
            await WasRightAsync(snapshot, query, currency, sign, expected, statedAt, ct));
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

    private async Task<decimal> NetAsync(NpgsqlConnection snapshot, LineQuery query, Currency currency, CancellationToken ct) =>
        (await LineGroups.MonthsAsync(snapshot, model.ChunkPositions, query with { From = null }, ct))
            .Where(m => m.Currency == currency).Sum(m => m.Debits - m.Credits);

    /// <summary>Whether the line was as expected when that was stated.</summary>
    private async Task<bool> WasRightAsync(
        NpgsqlConnection snapshot, LineQuery query, Currency currency, int sign, MoneySum expected, DateTimeOffset? statedAt,
        CancellationToken ct) => statedAt is { } at && !(query.AsOf.KnownAt <= at)
        && (Int128)(sign * await NetAsync(snapshot, query with { AsOf = query.AsOf with { KnownAt = at } }, currency, ct))
            == expected.Minor;

    /// <summary>The positions of the lines whose transaction another of the lines corrects.</summary>
    private async Task<IReadOnlySet<long>> CorrectedAsync(
        NpgsqlConnection snapshot, IReadOnlyList<Line> lines, CancellationToken ct)
    {
        var bookings = lines.Count == 0 ? [] : await snapshot.ListAsync(
            Bookings,
            [lines.Select(l => l.Position).ToArray()],
            row => Booking.Of(
                row.GetInt64(0),
                row.GetGuid(1),
                archive.TextOf(
                    row.GetString(2),
                    row.GetBoolean(3),
                    new(row.GetInt64(0), row.GetGuid(1), row.GetGuid(4), row.GetInt64(5), row.GetString(6)))),
            ct);
        var corrected = bookings.Select(b => b.Corrects).OfType<string>().ToHashSet();
        return bookings.Where(b => corrected.Contains(b.Transaction)).Select(b => b.Position).ToHashSet();
    }

    private static async Task<IReadOnlyList<Line>> LinesAsync(
        NpgsqlConnection snapshot, LineQuery query, Currency currency, CancellationToken ct)
    {
        object?[] Values(object accounts, DateOnly first) =>
        [
            accounts, first, query.AsOf.Date, currency.Code, (short)currency.Scale,
            NpgsqlDbType.TimestampTz.Of(query.AsOf.KnownAt?.UtcDateTime), MaxSearched,
        ];
        var first = (await snapshot.ListAsync(
            FirstDay, Values(query.Account.Code, query.Start), row => row.GetOrDefault<DateOnly?>(0), ct))[0];
        return await snapshot.ListAsync(
            Newest,
            Values(query.Counters, first ?? query.Start),
            row => new Line(
                row.GetInt64(0), row.GetGuid(1), row.GetFieldValue<DateOnly>(2), row.GetFieldValue<DateTimeOffset>(3), row.GetInt64(4)),
            ct);
    }

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
