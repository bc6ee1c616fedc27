using System.Globalization;
using Banking.Accounts.Domain;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using JasperFx.Events;
using Npgsql;

namespace Banking.Accounts.ReadModels;

/// <summary>Compares the balances of entries with the fold of decisions, and the last entry of an account with its stored state.</summary>
internal static class FoldComparison
{
    public static async Task<IReadOnlyList<Difference>> CompareBalancesAsync(
        NpgsqlConnection snapshot, ReadTables tables, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> streams, CancellationToken ct)
    {
        var folded = new Dictionary<Guid, Dictionary<long, long>>();
        foreach (var (stream, events) in streams.Where(s => s.Value is [{ Data: AccountOpened }, ..]))
        {
            Account? state = null;
            var balances = new Dictionary<long, long>();
            foreach (var e in events)
            {
                state = Account.Fold(state, stream, e.Data, e.Timestamp);
                balances[state.Version] = state.Balance.Minor;
            }

            folded[stream] = balances;
        }

        var rows = await snapshot.ListAsync(
            $"select account, version, balance from {tables[EntriesModel.Entry]} where account = any($1)",
            [folded.Keys.ToArray()],
            row => Compare(row.GetGuid(0), row.GetInt64(1), row.GetInt64(2)),
            ct);
        return [.. rows.OfType<Difference>()];

        Difference? Compare(Guid account, long version, long balance)
        {
            var expected = folded[account].TryGetValue(version, out var known) ? known : (long?)null;
            return expected == balance
                ? null
                : new(EntriesModel.ModelName, EntriesModel.Entry, account, Text(version, expected), Text(version, balance));
        }
    }

    /// <summary>Compares the last row of each account with its stored state, if both are at the same version.</summary>
    public static Task<IReadOnlyList<Difference>> CompareLastRowsAsync(
        NpgsqlConnection snapshot, ReadTables tables, Guid[] accounts, CancellationToken ct) => snapshot.ListAsync(
        $"""
        select a.id, e.version, e.balance, (a.data -> 'balance' ->> 'minor')::bigint from {AccountsModule.Schema}.mt_doc_account a
        cross join lateral
            (select version, balance from {tables[EntriesModel.Entry]} where account = a.id order by version desc limit 1) e
        where a.id = any($1) and (a.data ->> 'version')::bigint = e.version and (a.data -> 'balance' ->> 'minor')::bigint <> e.balance
        """,
        [accounts],
        row => new Difference(
            EntriesModel.ModelName,
            StateComparison.State,
            row.GetGuid(0),
            Text(row.GetInt64(1), row.GetInt64(2)),
            Text(row.GetInt64(1), row.GetInt64(3))),
        ct);

    private static string? Text(long version, long? balance) => balance is null
        ? null
        : string.Create(CultureInfo.InvariantCulture, $$"""{"version": {{version}}, "balance": {{balance}}}""");
}
