using System.Globalization;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// How an account's events are summed. Every 512 of them make a chunk, 16 chunks one of the next level, and so on; of each chunk there is a
/// row of sums for each day that its events count on. So the first n events are a few whole chunks of each level and at most 511 rows, and
/// a sum over them looks at some rows per day, not at events. A chunk is made once, when it is complete: nothing is ever updated.
/// </summary>
internal static class Chunks
{
    public const int Size = 512;
    public const int Fan = 16;

    /// <summary>Enough for half a billion events of one account.</summary>
    public const int Levels = 6;

    private const string Entry = $"{AccountsModule.Schema}.{EntriesModel.Entry}";
    private const string Day = $"{AccountsModule.Schema}.{EntriesModel.Day}";

    public static long SizeOf(int level) => Size * (long)Math.Pow(Fan, level);

    /// <summary>
    /// The sums of the chunks that make up the first events of account $1, as many as <paramref name="version"/> says, where a condition
    /// holds on their days.
    /// </summary>
    public static string Sums(string version, string columns, string condition) =>
        string.Join(
            "\n union all ",
            Enumerable
                .Range(0, Levels)
                .Select(level =>
                {
                    // Those of this level that are complete and lie in none of the next level that is.
                    var first = level == Levels - 1 ? "0" : $"({version}) / {Text(SizeOf(level + 1))} * {Fan}";
                    return $"select {columns} from {Day} where account = $1 and level = {level} and chunk >= {first} and chunk < ({version}) / {Text(SizeOf(level))} and {condition}";
                }));

    /// <summary>
    /// The last event of account $1 that was known at $3, by halving: versions and recorded times rise together. None of the table's
    /// indexes need to know of recorded time for it.
    /// </summary>
    public const string LastKnown =
        $"""
        search(low, high) as (
            select 0::bigint, coalesce((select max(version) from {Entry} where account = $1), 0)
            union all
            select case when e.recorded_at <= $3 then m.middle else s.low end, case when e.recorded_at <= $3 then s.high else m.middle - 1 end
            from search s
            cross join lateral (select (s.low + s.high + 1) / 2 as middle) m
            join {Entry} e on e.account = $1 and e.version = m.middle
            where s.low < s.high)
        """;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
