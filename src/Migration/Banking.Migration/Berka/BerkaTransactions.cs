using Banking.Accounts.Contracts;
using Banking.Migration.Delimited;
using Banking.Migration.Reconciling;

namespace Banking.Migration.Berka;

/// <summary>Reads trans.asc, the booked rows of each account. Their order in the file has no meaning.</summary>
internal static class BerkaTransactions
{
    public static void Read(DelimitedFile file, OrderedDictionary<long, AccountRow> accounts)
    {
        var columns = new Columns(file);
        var ids = new HashSet<long>(file.MaxRemainingRows);
        while (file.MoveNext())
        {
            var id = file.ReadId(columns.Id);
            if (!ids.Add(id))
            {
                throw file.CreateError(columns.Id, $"transaction {id} occurs twice.");
            }

            var account = BerkaFiles.FindAccount(file, columns.Account, accounts);
            var row = ReadRow(file, columns, id);
            if (row.Date < account.Opened)
            {
                throw file.CreateError(columns.Date, $"account {account.Id} was opened on {account.Opened:yyyy-MM-dd}, after this row.");
            }

            account.Rows.Add(row);
        }

        file.ThrowIfEmpty();
    }

    private static BookedRow ReadRow(DelimitedFile file, Columns columns, long id)
    {
        var date = file.ReadDate(columns.Date);
        var direction = BerkaWords.TranslateDirection(file[columns.Type])
            ?? throw file.CreateError(columns.Type, $"{FieldParsing.Quote(file[columns.Type])} is not a type: PRIJEM, VYDAJ or VYBER.");
        if (!BerkaWords.TryTranslateOperation(file[columns.Operation], out var operation))
        {
            throw file.CreateError(columns.Operation, $"{FieldParsing.Quote(file[columns.Operation])} is not a known operation.");
        }

        if (!BerkaWords.TryTranslatePurpose(file[columns.Purpose], out var purpose))
        {
            throw file.CreateError(columns.Purpose, $"{FieldParsing.Quote(file[columns.Purpose])} is not a known purpose.");
        }

        return new(
            id,
            date,
            direction,
            file.ReadAmount(columns.Amount, BerkaFiles.Koruna),
            file.ReadBalance(columns.Balance, BerkaFiles.Koruna),
            BerkaWords.ChooseBankSide(operation, purpose),
            new(operation, purpose is null ? null : new(Text: purpose), Reference: null, ReadCounterparty(file, columns)),
            file.Line);
    }

    // The export writes account 0 in some counter transactions. It means no account, not the account with number 0.
    private static Counterparty? ReadCounterparty(DelimitedFile file, Columns columns)
    {
        var bank = file.ReadText(columns.Bank);
        var account = file[columns.OtherAccount] is "0" ? null : file.ReadText(columns.OtherAccount);
        return bank is null && account is null ? null : new(bank, account);
    }

    private sealed class Columns(DelimitedFile file)
    {
        public Column Id { get; } = file.Column("trans_id");

        public Column Account { get; } = file.Column("account_id");

        public Column Date { get; } = file.Column("date");

        public Column Type { get; } = file.Column("type");

        public Column Operation { get; } = file.Column("operation");

        public Column Amount { get; } = file.Column("amount");

        public Column Balance { get; } = file.Column("balance");

        public Column Purpose { get; } = file.Column("k_symbol");

        public Column Bank { get; } = file.Column("bank");

        public Column OtherAccount { get; } = file.Column("account");
    }
}
