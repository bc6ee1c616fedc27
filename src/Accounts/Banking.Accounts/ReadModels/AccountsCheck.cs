using System.Globalization;
using Banking.Accounts.Domain;
using Banking.Commands.Periods;
using Banking.EventStore.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// Checks that the stored state of each account has the balance of the entry of its version. Commands continue meanwhile: where the state
/// is ahead of the entries, the check waits for the entry of that version.
/// </summary>
internal sealed class AccountsCheck(NpgsqlDataSource source) : IPeriodCheck
{
    private const string Entry = $"{AccountsModule.Schema}.{EntriesModel.Entry}";

    /// <summary>The accounts whose last entry is not that of their state, or has another balance; and those without a state.</summary>
    private const string Sql =
        $"""
        select s.id, d.version, d.balance, e.version from {SchemaNames.Streams} s
        left join lateral (
            select (a.data ->> 'version')::bigint as version, (a.data -> 'balance' ->> 'minor')::bigint as balance
            from {AccountsModule.Schema}.mt_doc_account a where a.id = s.id) d on true
        left join lateral (
            select e.version, e.balance from {Entry} e where e.account = s.id order by e.version desc limit 1) e on true
        where s.type = '{Account.StoredType}' and not s.is_archived and (e.version, e.balance) is distinct from (d.version, d.balance)
        """;

    private const string EntriesOf =
        $"select e.account, e.balance from unnest($1, $2) as f(account, version) "
        + $"join {Entry} e on e.account = f.account and e.version = f.version";

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private const int MaxPolls = 100;

    public string Name => "accounts";

    public async Task<PeriodCheckResult> RunAsync(ClosingPeriod period, CancellationToken ct)
    {
        var found = await source.ListAsync(
            Sql,
            [],
            row => new Found(row.GetGuid(0), row.GetOrDefault<long?>(1), row.GetOrDefault<long?>(2), row.GetOrDefault<long?>(3)),
            ct,
            timeoutSeconds: 0);
        var ahead = found.Where(f => f.Version > (f.Entry ?? 0)).ToDictionary(f => f.Account);
        var differing = found.Where(f => !ahead.ContainsKey(f.Account)).Select(f => f.Account).ToList();
        for (var poll = 0; ahead.Count > 0 && poll < MaxPolls; poll++)
        {
            foreach (var (account, balance) in await EntriesAsync(ahead.Values, ct))
            {
                if (ahead.Remove(account, out var state) && state.Balance != balance)
                {
                    differing.Add(account);
                }
            }

            await Task.Delay(ahead.Count > 0 ? PollInterval : TimeSpan.Zero, ct);
        }

        var accounts = await source.ScalarAsync<long>(
            $"select count(*) from {SchemaNames.Streams} where type = '{Account.StoredType}'", [], ct, timeoutSeconds: 0);
        return Result(accounts, differing, [.. ahead.Keys]);
    }

    private Task<IReadOnlyList<(Guid Account, long Balance)>> EntriesAsync(IReadOnlyCollection<Found> states, CancellationToken ct) =>
        source.ListAsync(
            EntriesOf,
            [states.Select(s => s.Account).ToArray(), (NpgsqlDbType.Array | NpgsqlDbType.Bigint).Of(
                states.Select(s => s.Version!.Value).ToArray())],
            row => (row.GetGuid(0), row.GetInt64(1)),
            ct);

    private static PeriodCheckResult Result(long accounts, List<Guid> differing, List<Guid> waiting)
    {
        var count = ("accounts", accounts.ToString(CultureInfo.InvariantCulture));
        return differing.Count > 0 ? Failed(
                "The state of an account is missing, or has another balance than its entry. Run verify, and repair what it finds.",
                "differing", differing)
            : waiting.Count > 0 ? Failed(
                "The entry of the last event of an account was not written in time. GET /ops/projections says how far the entries are.",
                "waiting", waiting)
            : PeriodCheckResult.Of(true, "The state of each account has the balance of its entry.", count);

        PeriodCheckResult Failed(string detail, string name, List<Guid> found) => PeriodCheckResult.Of(
            false, detail, count, (name, found.Count.ToString(CultureInfo.InvariantCulture)), ("first", AccountId.Format(found[0])));
    }

    /// <param name="Version">The version of the state; null if it is missing.</param>
    /// <param name="Entry">The version of the last entry; null if there is none.</param>
    private sealed record Found(Guid Account, long? Version, long? Balance, long? Entry);
}
