using System.Globalization;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// How an account's events are summed. Every 512 events form a chunk, every 16 chunks a chunk of the next level. Each chunk has one row of
/// sums for each effective day of its events. So the first n events are a few whole chunks per level and at most 511 rows, and a sum reads
/// a few rows per day instead of all events. A chunk's rows are written once, when the chunk is complete, and never updated.
/// </summary>
internal static class Chunks
{
    public const int Size = 512;
    public const int FanOut = 16;

    /// <summary>Enough for half a billion events of one account.</summary>
    public const int Levels = 6;

    private const string Entry = $"{AccountsModule.Schema}.{EntriesModel.Entry}";
    private const string Day = $"{AccountsModule.Schema}.{EntriesModel.Day}";

    public static long SizeOf(int level) => Size * (long)Math.Pow(FanOut, level);

    /// <summary>
    /// Selects the sums of the whole chunks among the events of account $1 up to <paramref name="version"/>, for the days that satisfy a
    /// condition.
    /// </summary>
    public static string Sums(string version, string columns, string condition) =>
        string.Join(
            "\n union all ",
            Enumerable
                .Range(0, Levels)
                .Select(level =>
                {
                    // The complete chunks of this level that are not part of a complete chunk of the next level.
                    var first = level == Levels - 1 ? "0" : $"({version}) / {Text(SizeOf(level + 1))} * {FanOut}";
                    return $"select {columns} from {Day} where account = $1 and level = {level} and chunk >= {first} "
                        + $"and chunk < ({version}) / {Text(SizeOf(level))} and {condition}";
                }));

    /// <summary>
    /// Finds the last event of account $1 that was recorded by an instant, by binary search: recorded times rise with versions. So no index
    /// on the recorded time is needed.
    /// </summary>
    public static string LastKnown(string instant) =>
        $"""
        search(low, high) as (
            select 0::bigint, coalesce((select max(version) from {Entry} where account = $1), 0)
            union all
            select case when e.recorded_at <= {instant} then m.middle else s.low end,
                case when e.recorded_at <= {instant} then s.high else m.middle - 1 end
            from search s
            cross join lateral (select (s.low + s.high + 1) / 2 as middle) m
            join {Entry} e on e.account = $1 and e.version = m.middle
            where s.low < s.high)
        """;

    /// <summary>
    /// Finds the last version of each account up to which a condition on a row e holds, by binary search: it is where low and high are
    /// equal. No version is 0.
    /// </summary>
    public static string LastVersions(string name, string accounts, string condition) =>
        $"""
        {name}(account, low, high) as (
            select a.id, 0::bigint, coalesce((select max(version) from {Entry} where account = a.id), 0) from unnest({accounts}) as a(id)
            union all
            select s.account, case when {condition} then m.middle else s.low end, case when {condition} then s.high else m.middle - 1 end
            from {name} s
            cross join lateral (select (s.low + s.high + 1) / 2 as middle) m
            join {Entry} e on e.account = s.account and e.version = m.middle
            where s.low < s.high)
        """;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
