using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// What came in and went out of accounts between two instants, by effective time: from the book of entries, and from the events that the
/// book does not have yet. So an answer is never behind the account.
/// </summary>
public sealed class DayTotals(NpgsqlDataSource source, AccountReader reader)
{
    private const string Entry = $"{AccountsModule.Schema}.{EntriesModel.Entry}";
    private const string Day = $"{AccountsModule.Schema}.{EntriesModel.Day}";
    private const string IsWithin = "e.effective_at >= $3 and e.effective_at < $4";

    private const string IsWhole = "(d.effective_from >= $3 and d.effective_to < $4)";

    private static readonly string IsOfDays =
        $"d.account = k.id and d.level = 0 and d.chunk < k.version / {Chunks.Size} and d.day >= ($3::timestamptz at time zone 'UTC')::date "
        + "and d.day <= ($4::timestamptz at time zone 'UTC')::date";

    /// <summary>
    /// For each account: the day sums of whole chunks that lie between the instants, the rows of chunks that lie there in part, and the
    /// rows after the last whole chunk.
    /// </summary>
    private static readonly string Sql =
        $"""
        with account as (select * from unnest($1, $2) as a(id, version)),
            known as (
                select a.id, least(a.version, coalesce((select max(version) from {Entry} where account = a.id), 0)) as version
                from account a)
        select k.id, k.version, coalesce(sum(credits), 0)::numeric, coalesce(sum(debits), 0)::numeric, coalesce(sum(movements), 0)::int
        from known k left join lateral (
            select greatest(e.amount, 0) as credits, greatest(-e.amount, 0) as debits, e.movement::int as movements from {Entry} e
            where e.account = k.id and e.version > k.version / {Chunks.Size} * {Chunks.Size} and e.version <= k.version and {IsWithin}
            union all
            select greatest(e.amount, 0), greatest(-e.amount, 0), e.movement::int from {Day} d
            join {Entry} e on e.account = d.account and e.version > d.chunk::bigint * {Chunks.Size}
                and e.version <= (d.chunk + 1)::bigint * {Chunks.Size} and (e.effective_at at time zone 'UTC')::date = d.day and {IsWithin}
            where {IsOfDays} and not {IsWhole}
            union all
            select d.credits, d.debits, d.movements from {Day} d where {IsOfDays} and {IsWhole}) as part on true
        group by k.id, k.version
        """;

    /// <summary>The sums of each account, of its events up to the version of the given state.</summary>
    /// <param name="to">Not included.</param>
    public async Task<IReadOnlyDictionary<Guid, DaySums>> BetweenAsync(
        IReadOnlyCollection<Account> accounts, DateTimeOffset from, DateTimeOffset to, CancellationToken ct)
    {
        var rows = await RowsAsync(accounts, from, to, ct);
        var sums = new Dictionary<Guid, DaySums>();
        foreach (var account in accounts)
        {
            var (version, sum) = rows[account.Id];
            var newer = version < account.Version ? await reader.EventsAsync(account.Id, account.Version, version + 1, ct) : [];
            sums[account.Id] = newer.Select(e => e.Data).OfType<IMovement>()
                .Where(m => m.EffectiveAt >= from && m.EffectiveAt < to)
                .Aggregate(sum, (s, m) => s.With(m));
        }

        return sums;
    }

    private async Task<Dictionary<Guid, (long Version, DaySums Sums)>> RowsAsync(
        IReadOnlyCollection<Account> accounts, DateTimeOffset from, DateTimeOffset to, CancellationToken ct) =>
        (await source.ListAsync(
            Sql,
            [accounts.Select(a => a.Id).ToArray(), accounts.Select(a => a.Version).ToArray(), from.UtcDateTime, to.UtcDateTime],
            row => (
                Account: row.GetGuid(0),
                Sums: (row.GetInt64(1), new DaySums(row.GetDecimal(2), row.GetDecimal(3), row.GetInt32(4)))),
            ct)).ToDictionary();
}
