namespace Banking.Migration.Tests;

/// <summary>
/// A folder with a bank of two accounts. Each test changes only what it tests.
/// </summary>
internal sealed class BerkaFolder : IDisposable
{
    private const string TransactionHeader =
        "\"trans_id\";\"account_id\";\"date\";\"type\";\"operation\";\"amount\";\"balance\";\"k_symbol\";\"bank\";\"account\"\n";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("berka-");

    public BerkaFolder()
    {
        Write("client.asc", "\"client_id\";\"birth_number\";\"district_id\"\n1;\"450204\";18\n2;\"406009\";1\n");
        Write("account.asc", """
            "account_id";"district_id";"frequency";"date"
            10;55;"POPLATEK MESICNE";930101
            20;74;"POPLATEK PO OBRATU";930105

            """);
        Write("disp.asc", """
            "disp_id";"client_id";"account_id";"type"
            1;1;10;"OWNER"
            2;2;10;"DISPONENT"
            3;2;20;"OWNER"

            """);
        Write("order.asc", """
            "order_id";"account_id";"bank_to";"account_to";"amount";"k_symbol"
            7;10;"YZ";"87144583";2452.00;"SIPO"

            """);
        Transactions(
            """100;10;930101;"PRIJEM";"VKLAD";1000.00;1000.00;"";;""",
            """101;10;930102;"VYDAJ";"PREVOD NA UCET";200.00;800.00;"SIPO";"YZ";"87144583" """.TrimEnd(),
            """102;20;930105;"PRIJEM";"VKLAD";500.00;500.00;"";;""");
    }

    public string Path => _folder.FullName;

    public MigrationPlan Plan(int copy = 0) => Berka.BerkaImport.Plan(Path, copy);

    public void Transactions(params IEnumerable<string> rows) => Write("trans.asc", TransactionHeader + string.Join('\n', rows) + "\n");

    public void Edit(string file, string found, string replacement)
    {
        var text = Read(file);
        Assert.Contains(found, text, StringComparison.Ordinal);
        Write(file, text.Replace(found, replacement, StringComparison.Ordinal));
    }

    public string Read(string file) => File.ReadAllText(System.IO.Path.Combine(Path, file));

    public void Write(string file, string text) => File.WriteAllText(System.IO.Path.Combine(Path, file), text);

    public void Delete(string file) => File.Delete(System.IO.Path.Combine(Path, file));

    public void Dispose() => _folder.Delete(recursive: true);
}
