using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Platform.EventSourcing;
using Banking.Platform.Following;
using Banking.SharedKernel;
using Marten;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Accounts.Features;

/// <summary>
/// What the bank holds on imported accounts. Only the balances are read: the states of a large bank would take longer than their import.
/// </summary>
internal static class ImportedBalances
{
    public static async Task<MoneySum> SumAsync(
        IDocumentStore store, NpgsqlDataSource source, IReadOnlyList<AccountHistory> accounts, Currency currency, CancellationToken ct)
    {
        var left = accounts.Select(a => a.AccountId).ToHashSet();
        var sum = MoneySum.Zero(currency);
        await using (var command = source.CreateCommand(
            $"select id, (data -> 'balance' ->> 'minor')::bigint from {AccountsModule.Schema}.mt_doc_account where id = any($1)"))
        {
            command.Parameters.Add(new() { Value = left.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
            await using var reader = await command.ExecuteReaderAsync(ct);
            while (await reader.ReadAsync(ct))
            {
                left.Remove(reader.GetGuid(0));
                sum += new Money(reader.GetInt64(1), currency);
            }
        }

        // A stored state is a cache: one that is lost is folded.
        var events = new EventReader(store, source);
        foreach (var account in left)
        {
            sum += StreamFold.Of<Account>(account, await events.StreamAsync(account, 0, 0, ct))!.Balance;
        }

        return sum;
    }
}
