using Banking.Migration.Delimited;

namespace Banking.Migration.Berka;

/// <summary>
/// Checks and counts the standing orders in order.asc. The bank does not execute them yet; the check ensures that a folder accepted now
/// stays acceptable when it does.
/// </summary>
internal static class BerkaOrders
{
    public static int Count(DelimitedFile file, OrderedDictionary<long, AccountRow> accounts)
    {
        var (id, account, amount) = (file.Column("order_id"), file.Column("account_id"), file.Column("amount"));
        var (bankTo, accountTo, purpose) = (file.Column("bank_to"), file.Column("account_to"), file.Column("k_symbol"));
        var ids = new HashSet<long>(file.MaxRemainingRows);
        while (file.MoveNext())
        {
            if (!ids.Add(file.ReadId(id)))
            {
                throw file.CreateError(id, $"order {file.ReadId(id)} occurs twice.");
            }

            _ = BerkaFiles.FindAccount(file, account, accounts);
            _ = file.ReadText(bankTo);
            _ = file.ReadText(accountTo);
            _ = file.ReadAmount(amount, BerkaFiles.Koruna);
            if (!BerkaWords.TryTranslatePurpose(file[purpose], out _))
            {
                throw file.CreateError(purpose, $"{FieldParsing.Quote(file[purpose])} is not a known purpose.");
            }
        }

        return ids.Count;
    }
}
