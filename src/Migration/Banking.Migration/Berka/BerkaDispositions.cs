using Banking.Migration.Delimited;

namespace Banking.Migration.Berka;

/// <summary>Reads disp.asc, the one owner and the delegates of each account.</summary>
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
        while (file.MoveNext())
        {
            var row = new DispositionRow(file.ReadId(id), file.ReadId(client), file.Line);
            if (!ids.Add(row.Id))
            {
                throw file.CreateError(id, $"disposition {row.Id} occurs twice.");
            }

            if (!clients.ContainsKey(row.ClientId))
            {
                throw file.CreateError(client, $"client {row.ClientId} is not in {BerkaFiles.Client}.");
            }

            var target = BerkaFiles.FindAccount(file, account, accounts);
            if (!pairs.Add((row.ClientId, target.Id)))
            {
                throw file.CreateError(client, $"client {row.ClientId} has account {target.Id} twice.");
            }

            Assign(file, type, row, target);
        }

        file.ThrowIfEmpty();

        // The error names the account's line, because a missing row has no line.
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
                throw file.CreateError(type, $"account {account.Id} already has an OWNER in line {account.Owner.Line}.");
            default:
                throw file.CreateError(type, $"{FieldParsing.Quote(file[type])} is not a type: OWNER or DISPONENT.");
        }
    }
}
