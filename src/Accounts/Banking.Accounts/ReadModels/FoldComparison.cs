using System.Globalization;
using Banking.Accounts.Domain;
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
        var folded = new Dictionary<Guid, (Account State, Dictionary<long, long> Balances)>();
        foreach (var (stream, events) in streams.Where(s => s.Value is [{ Data: AccountOpened }, ..]))
        {
            Account? state = null;
            var balances = new Dictionary<long, long>();
            foreach (var e in events)
            {
                state = Account.Fold(state, stream, e.Data, e.Timestamp);
                balances[state.Version] = state.Balance.Minor;
            }

            folded[stream] = (state!, balances);
        }

        var differences = new List<Difference>();
        var ids = folded.Keys.ToArray();
        await foreach (
            var (account, version, balance) in ReadAsync(
                snapshot, $"select account, version, balance from {tables[EntriesModel.Entry]} where account = any($1)", ids, ct))
        {
            var expected = folded[account].Balances.TryGetValue(version, out var known) ? known : (long?)null;
            if (expected != balance)
            {
                differences.Add(new(EntriesModel.ModelName, EntriesModel.Entry, account, Text(version, expected), Text(version, balance)));
            }
        }

        return differences;
    }

    /// <summary>Compares the last row of each account with its stored state, if both are at the same version.</summary>
    public static async Task<IReadOnlyList<Difference>> CompareLastRowsAsync(
        NpgsqlConnection snapshot, ReadTables tables, Guid[] accounts, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(
            $"""
            select a.id, e.version, e.balance, (a.data -> 'balance' ->> 'minor')::bigint from {AccountsModule.Schema}.mt_doc_account a
            cross join lateral
                (select version, balance from {tables[EntriesModel.Entry]} where account = a.id order by version desc limit 1) e
            where a.id = any($1) and (a.data ->> 'version')::bigint = e.version and (a.data -> 'balance' ->> 'minor')::bigint <> e.balance
            """, snapshot)
        {
            Parameters = { new() { Value = accounts } },
        };
        await using var reader = await command.ExecuteReaderAsync(ct);
        var differences = new List<Difference>();
        while (await reader.ReadAsync(ct))
        {
            differences.Add(
                new(
                    EntriesModel.ModelName,
                    StateComparison.State,
                    reader.GetGuid(0),
                    Text(reader.GetInt64(1), reader.GetInt64(2)),
                    Text(reader.GetInt64(1), reader.GetInt64(3))));
        }

        return differences;
    }

    private static string? Text(long version, long? balance) => balance is null
        ? null
        : string.Create(CultureInfo.InvariantCulture, $$"""{"version": {{version}}, "balance": {{balance}}}""");

    private static async IAsyncEnumerable<(Guid Account, long Version, long Balance)> ReadAsync(
        NpgsqlConnection snapshot, string sql, Guid[] ids, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, snapshot) { Parameters = { new() { Value = ids } } };
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            yield return (reader.GetGuid(0), reader.GetInt64(1), reader.GetInt64(2));
        }
    }
}
