using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.SharedKernel;
using JasperFx.Events;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Accounts.ReadModels;

/// <summary>A movement with the balance after it.</summary>
public sealed record BookedEntry(IEvent Event, IMovement Movement, Money Balance);

/// <summary>Pages of entries. Order and balances come from the read model, all else from the events.</summary>
public sealed class EntryPages(NpgsqlDataSource source, EventReader events, AccountReader reader, HistoricalBalances balances)
{
    private const string Entry = $"{AccountsModule.Schema}.{EntriesModel.Entry}";

    /// <summary>
    /// The next entries of an account after a version, oldest first: from the read model, then from the events it does not have yet.
    /// </summary>
    public async Task<IReadOnlyList<BookedEntry>> OfAccountAsync(Account account, long after, int limit, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(account);
        if (after >= account.Version)
        {
            return [];
        }

        var rows = await RowsAsync(
            $"select position, balance from {Entry} where account = $1 and movement and version > $2 order by version limit {limit}",
            [account.Id, after],
            ct);
        var entries = (await WithEventsAsync(rows, ct)).OrderBy(e => e.Event.Version).ToList();
        if (entries.Count == limit || rows.Count > entries.Count)
        {
            return entries;
        }

        var last = entries.Count == 0 ? after : entries[^1].Event.Version;
        var balance = last == 0 ? Money.Zero(account.Currency) : (await balances.AtVersionAsync(account, last, ct)).At.Balance.ToMoney();
        foreach (var e in await reader.EventsAsync(account.Id, 0, last + 1, ct))
        {
            if (e.Data is IMovement movement && entries.Count < limit)
            {
                balance = After(balance, e, movement);
                entries.Add(new(e, movement, balance));
            }
        }

        return entries;
    }

    /// <summary>The newest entries before a position, of the whole bank or of some accounts, newest first.</summary>
    /// <param name="accounts">Null for all.</param>
    /// <param name="amount">Only entries of exactly this amount, credits and debits.</param>
    public async Task<IReadOnlyList<BookedEntry>> NewestAsync(Guid[]? accounts, Money? amount, long before, int limit, CancellationToken ct)
    {
        const string wanted =
            "e.movement and e.position < $1 and ($2::bigint is null or (abs(e.amount) = $2 and e.currency = $3 and e.scale = $4))";
        var sql = accounts is null
            ? $"select e.position, e.balance from {Entry} e where {wanted} order by e.position desc limit {limit}"
            // Each account's newest entries by version, because positions rise with versions within an account.
            : $"select n.position, n.balance from unnest($5) as a(id) cross join lateral (select e.position, e.balance from {Entry} e " +
                $"where e.account = a.id and {wanted} order by e.version desc limit {limit}) n order by n.position desc limit {limit}";
        object?[] values =
            [before, NpgsqlDbType.Bigint.Of(amount?.Minor), amount?.Currency.Code ?? "", (short)(amount?.Currency.Scale ?? 0)];
        var rows = await RowsAsync(sql, accounts is null ? values : [.. values, accounts], ct);
        return [.. (await WithEventsAsync(rows, ct)).OrderByDescending(e => e.Event.Sequence)];
    }

    private async Task<Dictionary<long, long>> RowsAsync(string sql, object?[] values, CancellationToken ct) =>
        (await source.ListAsync(sql, values, row => (Position: row.GetInt64(0), Balance: row.GetInt64(1)), ct)).ToDictionary();

    private async Task<IReadOnlyList<BookedEntry>> WithEventsAsync(Dictionary<long, long> rows, CancellationToken ct)
    {
        if (rows.Count == 0)
        {
            return [];
        }

        return [.. (await events.AtAsync([.. rows.Keys], ct)).Select(e => e.Data is IMovement movement
            ? new BookedEntry(e, movement, new(rows[e.Sequence], movement.Amount.Currency))
            : throw new UnreadableEventException(
                e, new InvalidOperationException("The read model has an entry for it, but it is not a movement.")))];
    }

    private static Money After(Money balance, IEvent e, IMovement movement)
    {
        try
        {
            return balance + movement.SignedAmount;
        }
        catch (Exception failure) when (failure is InvalidOperationException or OverflowException)
        {
            throw new UnreadableEventException(e, failure);
        }
    }
}
