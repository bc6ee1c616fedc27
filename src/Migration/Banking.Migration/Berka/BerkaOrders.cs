using Banking.Migration.Delimited;

namespace Banking.Migration.Berka;

/// <summary>
/// order.asc: standing orders. Checked now, so that a folder which was accepted stays acceptable once the bank executes them.
/// </summary>
internal static class BerkaOrders
{
    public static int Count(DelimitedFile file, OrderedDictionary<long, AccountRow> accounts)
    {
        var (id, account, amount) = (file.Column("order_id"), file.Column("account_id"), file.Column("amount"));
        var (bankTo, accountTo, purpose) = (file.Column("bank_to"), file.Column("account_to"), file.Column("k_symbol"));
        var ids = new HashSet<long>(file.RowsAtMost);
        while (file.Next())
        {
            if (!ids.Add(file.Id(id)))
            {
                throw file.Refused(id, $"order {file.Id(id)} is there twice.");
            }

            _ = BerkaFiles.AccountOf(file, account, accounts);
            _ = file.Text(bankTo);
            _ = file.Text(accountTo);
            _ = file.Amount(amount, BerkaFiles.Koruna);
            if (!BerkaWords.TryPurpose(file[purpose], out _))
            {
                throw file.Refused(purpose, $"{FieldParsing.Quoted(file[purpose])} is not a known purpose.");
            }
        }

        return ids.Count;
    }
}
