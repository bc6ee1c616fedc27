using System.Globalization;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// The SQL of <see cref="NewestRows"/>: at most so many rows that match, then the last row that was looked at, without a balance, if there
/// are fewer and more rows may follow.
/// </summary>
internal sealed class RowQuery(RowSearch search, PageStart? before, int limit, int maxRows)
{
    private const string Entry = $"{AccountsModule.Schema}.{EntriesModel.Entry}";
    private const string Columns = "e.position, e.balance, e.recorded_at";

    private readonly List<object?> _values = [];

    public (string Sql, object?[] Values) Build()
    {
        // The index on correlations finds few rows of the whole bank. The receiving halves of transfers are not in it.
        var sql = search.Accounts is null || search.Filter is { Correlation: not null, IsOfOneKind: true }
            ? OfBank(search.Accounts)
            : OfAccounts(search.Accounts);
        return (sql, [.. _values]);
    }

    private string Order(string row) => search.ByRecordedTime ? $"{row}.recorded_at desc, {row}.position desc" : $"{row}.position desc";

    private string OfBank(Guid[]? accounts)
    {
        var inIndex = string.Join(
            " and ", (IEnumerable<string>)["true", .. search.Filter.InIndex(Add, search.ByRecordedTime), .. Before()]);
        var rest = string.Join(" and ", (IEnumerable<string>)
        [
            .. search.Filter.Conditions(Add), .. accounts is null ? (string[])[] : [$"e.account = any({Add(accounts)})"],
        ]);
        var rows = $"from {Entry} e where {inIndex} order by {Order("e")}";
        return $"""
            with found as materialized (
                select {Columns} from (select e.* {rows} limit {Text(maxRows)}) e where {rest} order by {Order("e")} limit {Text(limit)})
            {Result($"(select {Columns} {rows} offset {Text(maxRows - 1)} limit 1)")}
            """;
    }

    /// <summary>
    /// Recorded times and positions rise with the versions of an account, so binary searches find the versions at which its rows begin and
    /// end. Accounts whose rows do not fit into a page are read to the latest of their last rows, or the page would leave out rows.
    /// </summary>
    private string OfAccounts(Guid[] accounts)
    {
        var ids = Add(accounts);
        var newest = string.Join(" and ", (IEnumerable<string>)["true", .. Before(), .. RecordedBefore()]);
        var tooOld = search.Filter.RecordedFrom is { } from ? $"e.recorded_at < {Add(from.UtcDateTime)}" : "false";
        var rest = string.Join(" and ", search.Filter.Conditions(Add));
        return $"""
            with recursive {Chunks.LastVersions("newest", ids, newest)}, {Chunks.LastVersions("old", ids, tooOld)},
            part as (
                select n.account, o.low as old, greatest(o.low, n.low - {Text(maxRows)}) as low, n.low as high
                from newest n join old o on o.account = n.account where n.low = n.high and o.low = o.high),
            frontier as (
                select e.* from part p
                cross join lateral (select {Columns} from {Entry} e where e.account = p.account and e.version = p.low + 1 limit 1) e
                where p.low > p.old order by {Order("e")} limit 1),
            found as (
                select e.* from part p
                cross join lateral (
                    select {Columns} from {Entry} e where e.account = p.account and e.version > p.low and e.version <= p.high and {rest}
                    order by e.version desc limit {Text(limit)}) e
                where not exists (select from frontier f where {IsOlder("e", "f.recorded_at", "f.position")})
                order by {Order("e")} limit {Text(limit)})
            {Result("frontier")}
            """;
    }

    private string Result(string last) =>
        $"""
        select r.position, r.balance, r.recorded_at from (
            select position, balance, recorded_at from found
            union all
            select position, null, recorded_at from {last} l where (select count(*) from found) < {Text(limit)}) r
        order by r.balance is null, {Order("r")}
        """;

    private IEnumerable<string> Before() => before is null ? []
        : [IsOlder("e", search.ByRecordedTime ? Add(before.RecordedAt) : "", Add(before.Position))];

    private IEnumerable<string> RecordedBefore() => search.Filter.Recorded.To is { } to ? [$"e.recorded_at < {Add(to.UtcDateTime)}"] : [];

    private string IsOlder(string row, string recordedAt, string position) => search.ByRecordedTime
        ? $"({row}.recorded_at, {row}.position) < ({recordedAt}, {position})"
        : $"{row}.position < {position}";

    private string Add(object value)
    {
        _values.Add(value);
        return "$" + Text(_values.Count);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
