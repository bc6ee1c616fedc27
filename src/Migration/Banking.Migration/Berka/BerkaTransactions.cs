using Banking.Accounts.Contracts;
using Banking.Migration.Delimited;
using Banking.Migration.Reconciling;

namespace Banking.Migration.Berka;

/// <summary>trans.asc: gives each account its booked rows, in the order of the file, which means nothing.</summary>
internal static class BerkaTransactions
{
    public static void Read(DelimitedFile file, OrderedDictionary<long, AccountRow> accounts)
    {
        var columns = new Columns(file);
        var ids = new HashSet<long>(file.RowsAtMost);
        while (file.Next())
        {
            var id = file.Id(columns.Id);
            if (!ids.Add(id))
            {
                throw file.Refused(columns.Id, $"transaction {id} is there twice.");
            }

            var account = BerkaFiles.AccountOf(file, columns.Account, accounts);
            var row = Row(file, columns, id);
            if (row.Date < account.Opened)
            {
                throw file.Refused(columns.Date, $"account {account.Id} was opened on {account.Opened:yyyy-MM-dd}, after this row.");
            }

            account.Rows.Add(row);
        }

        file.RefuseIfEmpty();
    }

    private static BookedRow Row(DelimitedFile file, Columns columns, long id)
    {
        var date = file.Date(columns.Date);
        var direction = BerkaWords.Direction(file[columns.Type])
            ?? throw file.Refused(columns.Type, $"{FieldParsing.Quoted(file[columns.Type])} is not a type: PRIJEM, VYDAJ or VYBER.");
        if (!BerkaWords.TryOperation(file[columns.Operation], out var operation))
        {
            throw file.Refused(columns.Operation, $"{FieldParsing.Quoted(file[columns.Operation])} is not a known operation.");
        }

        if (!BerkaWords.TryPurpose(file[columns.Purpose], out var purpose))
        {
            throw file.Refused(columns.Purpose, $"{FieldParsing.Quoted(file[columns.Purpose])} is not a known purpose.");
        }

        return new(
            id,
            date,
            direction,
            file.Amount(columns.Amount, BerkaFiles.Koruna),
            file.Balance(columns.Balance, BerkaFiles.Koruna),
            BerkaWords.BankSide(operation, purpose),
            new(operation, purpose, Reference: null, CounterpartyOf(file, columns)),
            file.Line);
    }

    // The export writes account 0 on some rows at the counter: no account, not the one numbered 0.
    private static Counterparty? CounterpartyOf(DelimitedFile file, Columns columns)
    {
        var bank = file.Text(columns.Bank);
        var account = file[columns.OtherAccount] is "0" ? null : file.Text(columns.OtherAccount);
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
