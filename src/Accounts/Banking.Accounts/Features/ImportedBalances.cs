using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.EventStore.Streams;
using Banking.SharedKernel;
using Npgsql;

namespace Banking.Accounts.Features;

/// <summary>
/// The sum of the balances of imported accounts. Only balances are read: loading all states would take longer than the import.
/// </summary>
internal static class ImportedBalances
{
    public static async Task<MoneySum> SumAsync(
        EventReader events, NpgsqlDataSource source, IReadOnlyList<AccountHistory> accounts, Currency currency, CancellationToken ct)
    {
        var missing = accounts.Select(a => a.AccountId).ToHashSet();
        var sum = MoneySum.Zero(currency);
        foreach (var (account, balance) in await source.ListAsync(
            $"select id, (data -> 'balance' ->> 'minor')::bigint from {AccountsModule.Schema}.mt_doc_account where id = any($1)",
            [missing.ToArray()],
            row => (row.GetGuid(0), row.GetInt64(1)),
            ct))
        {
            missing.Remove(account);
            sum += new Money(balance, currency);
        }

        // A stored state is a cache: fold the accounts whose state is missing.
        foreach (var account in missing)
        {
            sum += StreamFold.Of<Account>(account, await events.StreamAsync(account, 0, 0, ct))!.Balance;
        }

        return sum;
    }
}
