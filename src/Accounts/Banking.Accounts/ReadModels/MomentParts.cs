namespace Banking.Accounts.ReadModels;

/// <summary>
/// The parts that a sum at two instants is made of. The events known at an instant are the first events of the stream, up to a version. The
/// parts are: the day sums of whole chunks for the days before the effective day; for the effective day the sums of chunks that end before
/// the instant, and the rows of chunks that span it; and the rows after the last whole chunk.
/// </summary>
internal static class MomentParts
{
    /// <summary>Whether row e took effect by the instant $2, of which $4 is the tick.</summary>
    public const string IsEffective = "(e.effective_at, e.effective_tick) <= ($2, $4)";

    private const string Entry = $"{AccountsModule.Schema}.{EntriesModel.Entry}";
    private const string Day = $"{AccountsModule.Schema}.{EntriesModel.Day}";
    private const string Known = "(select version from known)";
    private const string EffectiveDay = "($2::timestamptz at time zone 'UTC')::date";

    /// <summary>
    /// Selects the parts of account $1 at the instant $2 with tick $4, up to the version in the expression <c>known</c>.
    /// </summary>
    /// <param name="ofChunk">The columns of a row d of sums.</param>
    /// <param name="ofEntry">The same columns of a row e of an event.</param>
    /// <param name="days">A condition on the effective day, in which {day} stands for it.</param>
    public static string Of(string ofChunk, string ofEntry, string days = "true")
    {
        var chunkDays = days.Replace("{day}", "day", StringComparison.Ordinal);
        var entryDays = days.Replace("{day}", "(e.effective_at at time zone 'UTC')::date", StringComparison.Ordinal);
        return $"""
            {Chunks.Sums(Known[1..^1], ofChunk, $"day < {EffectiveDay} and {chunkDays}")}
            union all
            select {ofChunk} from {Day}
            where account = $1 and level = 0 and day = {EffectiveDay}
                and chunk < {Known} / {Chunks.Size} and effective_to < $2 and {chunkDays}
            union all
            select {ofEntry} from {Day} d join {Entry} e on e.account = $1
                and e.version > d.chunk::bigint * {Chunks.Size} and e.version <= (d.chunk + 1)::bigint * {Chunks.Size}
            where d.account = $1 and d.level = 0 and d.day = {EffectiveDay}
                and d.chunk < {Known} / {Chunks.Size} and d.effective_to >= $2 and d.effective_from <= $2
                and (e.effective_at at time zone 'UTC')::date = d.day and {IsEffective} and {entryDays}
            union all
            select {ofEntry} from {Entry} e
            where e.account = $1 and e.version > {Known} / {Chunks.Size} * {Chunks.Size}
                and e.version <= {Known} and {IsEffective} and {entryDays}
            """;
    }
}
