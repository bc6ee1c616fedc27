using Banking.Migration.Delimited;

namespace Banking.Migration.Berka;

/// <summary>disp.asc: gives each account its one owner and its delegates.</summary>
internal static class BerkaDispositions
{
    public static void Read(
        DelimitedFile file,
        OrderedDictionary<long, ClientRow> clients,
        OrderedDictionary<long, AccountRow> accounts)
    {
        var (id, client, account, type) = (
            file.Column("disp_id"), file.Column("client_id"), file.Column("account_id"), file.Column("type"));
        var (ids, pairs) = (new HashSet<long>(), new HashSet<(long Client, long Account)>());
        while (file.Next())
        {
            var row = new DispositionRow(file.Id(id), file.Id(client), file.Line);
            if (!ids.Add(row.Id))
            {
                throw file.Refused(id, $"disposition {row.Id} is there twice.");
            }

            if (!clients.ContainsKey(row.ClientId))
            {
                throw file.Refused(client, $"client {row.ClientId} is not in {BerkaFiles.Client}.");
            }

            var target = BerkaFiles.AccountOf(file, account, accounts);
            if (!pairs.Add((row.ClientId, target.Id)))
            {
                throw file.Refused(client, $"client {row.ClientId} has account {target.Id} twice.");
            }

            Assign(file, type, row, target);
        }

        file.RefuseIfEmpty();

        // The line to look at is the account's: the one that is missing has none.
        if (accounts.Values.FirstOrDefault(row => row.Owner is null) is { } orphan)
        {
            throw new MalformedFileException(
                BerkaFiles.Account, orphan.Line, "account_id", $"account {orphan.Id} has no OWNER in {BerkaFiles.Disposition}.");
        }
    }

    private static void Assign(DelimitedFile file, Column type, DispositionRow row, AccountRow account)
    {
        switch (BerkaWords.IsOwner(file[type]))
        {
            case false:
                account.Delegates.Add(row);
                break;
            case true when account.Owner is null:
                account.Owner = row;
                break;
            case true:
                throw file.Refused(type, $"account {account.Id} has another OWNER in line {account.Owner.Line}.");
            default:
                throw file.Refused(type, $"{FieldParsing.Quoted(file[type])} is not a type: OWNER or DISPONENT.");
        }
    }
}
