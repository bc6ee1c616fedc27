using Banking.Testing;

namespace Banking.Host.Tests;

/// <summary>A history of two accounts in Berka files, and a bank into which it was imported.</summary>
public sealed class SmallHistory : IAsyncLifetime
{
    private static readonly Dictionary<string, string[]> Files = new()
    {
        ["client.asc"] = ["\"client_id\";\"birth_number\";\"district_id\"", "1;\"450204\";18", "2;\"406009\";1"],
        ["account.asc"] =
        [
            "\"account_id\";\"district_id\";\"frequency\";\"date\"",
            "10;55;\"POPLATEK MESICNE\";930101",
            "20;74;\"POPLATEK PO OBRATU\";930105",
        ],
        ["disp.asc"] =
        [
            "\"disp_id\";\"client_id\";\"account_id\";\"type\"", "1;1;10;\"OWNER\"", "2;2;10;\"DISPONENT\"", "3;2;20;\"OWNER\"",
        ],
        ["order.asc"] =
        [
            "\"order_id\";\"account_id\";\"bank_to\";\"account_to\";\"amount\";\"k_symbol\"",
            "7;10;\"YZ\";\"87144583\";2452.00;\"SIPO\"",
        ],
        ["trans.asc"] =
        [
            "\"trans_id\";\"account_id\";\"date\";\"type\";\"operation\";\"amount\";\"balance\";\"k_symbol\";\"bank\";\"account\"",
            "100;10;930101;\"PRIJEM\";\"VKLAD\";1000.00;1000.00;\"\";;",
            "101;10;930102;\"VYDAJ\";\"PREVOD NA UCET\";200.00;800.00;\"SIPO\";\"YZ\";\"87144583\"",
            "102;20;930105;\"PRIJEM\";\"VKLAD\";500.00;500.00;\"\";;",
            "103;10;930103;\"PRIJEM\";\"\";1.20;801.23;\"UROK\";;",
        ],
    };

    /// <summary>The connection string of the bank.</summary>
    public string Database { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        Database = await TestCluster.NewDatabaseAsync();
        var folder = Write((_, lines) => lines);
        await BerkaCommand.ImportAsync(Database, folder.FullName);
        folder.Delete(recursive: true);
    }

    public async ValueTask DisposeAsync() => await TestCluster.DropAsync(Database);

    /// <summary>Writes the files into a new folder, after a change to the lines of each.</summary>
    public static DirectoryInfo Write(Func<string, IReadOnlyList<string>, IEnumerable<string>> change)
    {
        var folder = TestFolders.New("berka-");
        foreach (var (name, lines) in Files)
        {
            File.WriteAllText(Path.Combine(folder.FullName, name), string.Concat(change(name, lines).Select(line => line + "\n")));
        }

        return folder;
    }

    /// <summary>Writes the files with a text of one file replaced.</summary>
    public static DirectoryInfo WriteWith(string file, string found, string replacement)
    {
        Assert.Contains(found, string.Join('\n', Files[file]), StringComparison.Ordinal);
        return Write(
            (name, lines) =>
                name == file ? string.Join('\n', lines).Replace(found, replacement, StringComparison.Ordinal).Split('\n') : lines);
    }
}
