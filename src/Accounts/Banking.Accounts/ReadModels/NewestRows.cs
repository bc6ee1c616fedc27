using Banking.EventStore.Storage;
using Banking.Web.Http;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Accounts.ReadModels;

/// <summary>A page of rows of the book, newest first.</summary>
/// <param name="Next">The position of the last row that was looked at; null if no rows are left.</param>
public sealed record RowPage(IReadOnlyList<(long Position, long Balance)> Rows, long? Next);

/// <summary>The row before which a page begins.</summary>
public sealed record PageStart(long Position, DateTime RecordedAt);

/// <summary>Which rows to find.</summary>
/// <param name="Accounts">Null for the whole bank.</param>
/// <param name="ByRecordedTime">Orders by recorded time, then position. Otherwise by position.</param>
public sealed record RowSearch(Guid[]? Accounts, EntryFilter Filter, bool ByRecordedTime);

/// <summary>
/// Finds rows of the book, newest first. A page looks at some thousand rows at most, in the order of an index, and compares what the index
/// does not have in these. So a search for a rare currency reads pages of few items or none instead of the whole bank at once.
/// </summary>
public sealed class NewestRows(NpgsqlDataSource source)
{
    public const int MaxRows = 10_000;

    private const string Entry = $"{AccountsModule.Schema}.{EntriesModel.Entry}";

    /// <summary>
    /// The row at a position; null if there is none that a search looks at. Whether a row of another account exists is not revealed.
    /// </summary>
    public async Task<PageStart?> FindAsync(
        long position, Guid[]? accounts, EntryFilter filter, CancellationToken ct) => (await source.ListAsync(
            $"select recorded_at from {Entry} where position = $1 and ($2 is null or account = any($2) or correlation = $3)",
            [
                position,
                (NpgsqlDbType.Array | NpgsqlDbType.Uuid).Of(accounts),
                NpgsqlDbType.Bigint.Of(filter is { Correlation: { } id, IsOfOneKind: true } ? EntryRow.HashOf(id) : null),
            ],
            row => new PageStart(position, row.GetDateTime(0)),
            ct)) is [var start] ? start : null;

    /// <param name="before">Null for the first page.</param>
    /// <param name="maxRows">The number of rows to look at, per account if there are accounts.</param>
    public async Task<RowPage> ReadAsync(
        RowSearch search, PageStart? before, int limit, CancellationToken ct, int maxRows = MaxRows)
    {
        var (sql, values) = new RowQuery(search, before, limit, maxRows).Build();
        var found = await source.ListAsync(
            sql, values, row => (Position: row.GetInt64(0), Balance: row.GetOrDefault<long?>(1), RecordedAt: row.GetDateTime(2)), ct);
        var rows = found.Where(f => f.Balance is not null).Select(f => (f.Position, f.Balance!.Value)).ToList();
        if (rows.Count == limit)
        {
            return new(rows, rows[^1].Position);
        }

        // Without this a search of yesterday would go on to the first day of the bank.
        var isLast = found.Count == rows.Count
            || found[^1].RecordedAt < search.Filter.RecordedFrom?.UtcDateTime - KnownPosition.MaxDisorder;
        return new(rows, isLast ? null : found[^1].Position);
    }
}
