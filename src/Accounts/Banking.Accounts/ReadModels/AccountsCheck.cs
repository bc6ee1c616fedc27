using System.Globalization;
using Banking.Accounts.Domain;
using Banking.Commands.Periods;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// Checks that the stored state of each account and its last entry have the same balance. An account that moves is compared at a later
/// version, which is the same proof: each version adds to the one before.
/// </summary>
internal sealed class AccountsCheck(NpgsqlDataSource source) : IPeriodCheck
{
    /// <summary>The accounts whose last entry differs from their state, or is of another version; and those without a state.</summary>
    private const string Sql =
        $"""
        select s.id, e.version is not distinct from d.version, d.version is null from {SchemaNames.Streams} s
        left join lateral (
            select (a.data ->> 'version')::bigint as version, (a.data -> 'balance' ->> 'minor')::bigint as balance
            from {AccountsModule.Schema}.mt_doc_account a where a.id = s.id) d on true
        left join lateral (
            select e.version, e.balance from {AccountsModule.Schema}.{EntriesModel.Entry} e where e.account = s.id
            order by e.version desc limit 1) e on true
        where s.type = '{Account.StoredType}' and not s.is_archived and ($1::uuid[] is null or s.id = any($1))
            and (e.version, e.balance) is distinct from (d.version, d.balance)
        """;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private const int MaxPolls = 100;

    public string Name => "accounts";

    public async Task<PeriodCheckResult> RunAsync(ClosingPeriod period, CancellationToken ct)
    {
        var moving = await ReadAsync(null, ct);
        for (var poll = 1; poll <= MaxPolls && moving.Count > 0 && moving.All(m => !m.IsSameVersion && !m.IsLost); poll++)
        {
            await Task.Delay(PollInterval, ct);
            moving = await ReadAsync([.. moving.Select(m => m.Account)], ct);
        }

        var accounts = await source.ScalarAsync<long>(
            $"select count(*) from {SchemaNames.Streams} where type = '{Account.StoredType}'", [], ct, timeoutSeconds: 0);
        var count = ("accounts", accounts.ToString(CultureInfo.InvariantCulture));
        return moving.Count == 0
            ? PeriodCheckResult.Of(true, "The state of each account has the balance of its last entry.", count)
            : PeriodCheckResult.Of(
                false,
                moving.Exists(m => m.IsLost)
                    ? "The stored state of an account is missing. Run verify, and repair what it finds."
                    : "The state of an account differs from its last entry. Run verify, and repair what it finds.",
                count,
                ("differing", moving.Count.ToString(CultureInfo.InvariantCulture)),
                ("first", AccountId.Format(moving[0].Account)));
    }

    private async Task<List<(Guid Account, bool IsSameVersion, bool IsLost)>> ReadAsync(Guid[]? accounts, CancellationToken ct) =>
        [.. await source.ListAsync(
            Sql,
            [(NpgsqlTypes.NpgsqlDbType.Array | NpgsqlTypes.NpgsqlDbType.Uuid).Of(accounts)],
            row => (row.GetGuid(0), row.GetBoolean(1), row.GetBoolean(2)),
            ct,
            timeoutSeconds: 0)];
}
