using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.Ledger.Domain;
using Banking.Ledger.ReadModels;
using Banking.SharedKernel;
using Marten;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Ledger.Explaining;

/// <summary>The sums of a part of a line.</summary>
/// <param name="Name">A month, a type of event, or the digits of a customer's account.</param>
internal readonly record struct LineGroup(string Name, Currency Currency, decimal Debits, decimal Credits, long Entries);

/// <summary>
/// Groups the journal lines of a GL account. Months come from the sums of days, as in <see cref="GlBalances"/>; types and accounts from the
/// journal, entry by entry.
/// </summary>
internal static class LineGroups
{
    private const string Journal = $"{LedgerModule.Schema}.{LedgerModel.Journal}";
    private const string Day = $"{LedgerModule.Schema}.{LedgerModel.Day}";
    private const string IsWanted = "effective_on >= $2 and effective_on <= $3 and ($4::text is null or currency = $4)";

    /// <summary>The counters of an account's lines: its own code, or all others for the account of all customers.</summary>
    private const string Lines =
        $"""
        select j.position, j.account, j.currency, j.scale, j.effective_on, j.recorded_at,
            case when $1 = $6 then -j.credit else j.credit end as amount
        from {Journal} j
        where j.counter = any($7) and j.effective_on >= $2 and j.effective_on <= $3 and ($4::text is null or j.currency = $4)
            and ($5::timestamptz is null or j.recorded_at <= $5)
        """;

    private const string Sums =
        "coalesce(sum(amount) filter (where amount > 0), 0)::numeric, coalesce(-sum(amount) filter (where amount < 0), 0)::numeric, "
        + "count(*)";

    /// <summary>
    /// The tables are named in the order of the model, as in the switch to a rebuilt generation: in another order the two could deadlock.
    /// </summary>
    private static string Months(int chunkPositions) =>
        $"""
        select to_char(effective_on, 'YYYY-MM'), currency, scale, sum(debits), sum(credits), sum(entries)::bigint from (
            select effective_on, currency, scale, case when $1 = $6 then credits else debits end as debits,
                case when $1 = $6 then debits else credits end as credits, entries
            from ({GlChunk.Between(
                chunkPositions, "($5 at time zone 'UTC')::date", "date_trunc('day', $5::timestamptz, 'UTC')",
                "($5::timestamptz + interval '1 microsecond')", $"counter = any($7) and {IsWanted}")}) l
            union all
            select effective_on, currency, scale, debits, credits, entries from {Day}
            where gl = $1 and {IsWanted} and ($5::timestamptz is null or recorded_on < ($5 at time zone 'UTC')::date)) d
        group by 1, 2, 3 order by 2, 3, 1
        """;

    private const string Types =
        $"""
        select e.type, l.currency, l.scale, {Sums} from ({Lines}) l join {SchemaNames.Events}.mt_events e on e.seq_id = l.position
        group by 1, 2, 3 order by 1
        """;

    private const string Customers =
        $"""
        select replace(account::text, '-', ''), currency, scale, {Sums} from ({Lines}) l group by 1, 2, 3 order by sum(abs(amount)) desc, 1
        """;

    public static Task<IReadOnlyList<LineGroup>> MonthsAsync(
        NpgsqlConnection snapshot, int chunkPositions, LineQuery query, CancellationToken ct) =>
        ReadAsync(snapshot, Months(chunkPositions), query, ct);

    /// <summary>One group per event, whatever the versions in which it is stored: the journal is filtered by all of them too.</summary>
    public static async Task<IReadOnlyList<LineGroup>> TypesAsync(
        NpgsqlConnection snapshot, IDocumentStore store, LineQuery query, CancellationToken ct) =>
    [
        .. (await ReadAsync(snapshot, Types, query, ct))
            .GroupBy(t => (Name: StoredEventTypes.Current(store, t.Name), t.Currency))
            .Select(g => new LineGroup(
                g.Key.Name, g.Key.Currency, g.Sum(t => t.Debits), g.Sum(t => t.Credits), g.Sum(t => t.Entries)))
            .OrderBy(g => g.Name, StringComparer.Ordinal),
    ];

    public static Task<IReadOnlyList<LineGroup>> CustomersAsync(NpgsqlConnection snapshot, LineQuery query, CancellationToken ct) =>
        ReadAsync(snapshot, Customers, query, ct);

    private static Task<IReadOnlyList<LineGroup>> ReadAsync(
        NpgsqlConnection snapshot, string sql, LineQuery query, CancellationToken ct) => snapshot.ListAsync(
        sql,
        Values(query),
        row => new LineGroup(
            row.GetString(0), Currency.FromStored(row.GetString(1), row.GetInt16(2)), row.GetDecimal(3), row.GetDecimal(4),
            row.GetInt64(5)),
        ct);

    private static object?[] Values(LineQuery query) =>
    [
        query.Account.Code,
        query.Start,
        query.AsOf.Date,
        NpgsqlDbType.Text.Of(query.Currency),
        NpgsqlDbType.TimestampTz.Of(query.AsOf.KnownAt?.UtcDateTime),
        Chart.CustomerDeposits.Code,
        query.Counters,
    ];
}
