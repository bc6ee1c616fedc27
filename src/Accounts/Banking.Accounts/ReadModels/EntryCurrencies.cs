using System.Globalization;
using Banking.EventStore.Log;
using Banking.ReadModels.Books;
using Banking.SharedKernel;
using NpgsqlTypes;

namespace Banking.Accounts.ReadModels;

/// <summary>The currency of entries whose event names none, such as a closing. The account's first row has it.</summary>
internal static class EntryCurrencies
{
    /// <summary>Returns the entries of a page, each with the currency of its account.</summary>
    public static async Task<IReadOnlyList<EntryRow>> CompleteAsync(
        RowWriter rows, ReadTables tables, IReadOnlyList<EntryRow> entries, CancellationToken ct)
    {
        List<EntryRow> unnamed = [.. entries.Where(e => e.Currency == default).DistinctBy(e => e.Account)];
        if (unnamed.Count == 0)
        {
            return entries;
        }

        var known = entries.Where(e => e.Currency != default).DistinctBy(e => e.Account).ToDictionary(e => e.Account, e => e.Currency);
        var stored = await rows.ReadAsync<Guid, string[]>(
            $"select account, array[currency, scale::text] from {tables[EntriesModel.Entry]} where account = any($1) and version = 1",
            ct,
            RowWriter.Column(unnamed, NpgsqlDbType.Uuid, e => e.Account));
        foreach (var (account, currency) in stored)
        {
            known.TryAdd(account, Currency.FromStored(currency[0], int.Parse(currency[1], CultureInfo.InvariantCulture)));
        }

        return
        [
            .. entries.Select(e => e.Currency != default ? e
                : known.TryGetValue(e.Account, out var currency) ? e with { Currency = currency }
                : throw new UnreadableEventException(
                    e.Event, new InvalidOperationException("There is no row of the opening of its account."))),
        ];
    }
}
