using Banking.Testing;
using Banking.Testing.Histories;
using static Banking.Host.Tests.BerkaCommand;

namespace Banking.Host.Tests;

/// <summary>Import of several copies of one history, for tests that need a large bank.</summary>
public sealed class BerkaCopiesTests : IAsyncLifetime
{
    private string _database = "";

    public async ValueTask InitializeAsync() => _database = await TestCluster.NewDatabaseAsync();

    public async ValueTask DisposeAsync() => await TestCluster.DropAsync(_database);

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public async Task Copies_are_added_to_what_is_there_and_the_report_has_the_totals_of_all(string history)
    {
        await using var bank = await ImportedBank.CopyAsync(history);
        var (known, one) = (bank.Known, bank.Report);
        var two = await ImportAsync(bank.Database, known.Folder, "--copies", "2");
        var repeated = await ImportAsync(bank.Database, known.Folder, "--copies=2");

        Assert.Equal(["imported", "copies"], two.EnumerateObject().Select(m => m.Name).TakeLast(2));
        Assert.Equal((1, 2, 2), (Int(one, "copies"), Int(two, "copies"), Int(repeated, "copies")));
        Assert.All(["customers", "accounts", "transactions", "exact", "rounded"], name => Assert.Equal(2 * Int(one, name), Int(two, name)));
        Assert.All(["credits", "debits", "closingBalance"], name => Assert.Equal(2 * Decimal(one, name), Decimal(two, name)));
        Assert.Equal(one.GetProperty("discrepancies").GetRawText(), two.GetProperty("discrepancies").GetRawText());
        Assert.Equal((true, false), (two.GetProperty("imported").GetBoolean(), repeated.GetProperty("imported").GetBoolean()));
        Assert.Equal(2 * known.Events, await ScalarAsync(bank.Database, "select count(*) from bank.mt_events"));
        Assert.Equal(
            (long)(Decimal(two, "closingBalance") * 100),
            await ScalarAsync(bank.Database, "select sum((data -> 'balance' ->> 'minor')::bigint)::bigint from accounts.mt_doc_account"));
    }

    [Theory]
    [InlineData("--copies", "0")]
    [InlineData("--copies", "-1")]
    [InlineData("--copies", "1001")]
    [InlineData("--copies", "x")]
    [InlineData("--copies=1e1")]
    [InlineData("--copies")]
    [InlineData("--copies", "1", "--copies", "2")]
    public async Task A_number_of_copies_that_cannot_be_is_refused_before_anything_is_read(params string[] options)
    {
        var (exitCode, output, error) =
            await HostCommand.RunAsync(["import", "berka", "no-such-folder", .. options], ("ConnectionStrings__banking", _database));

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains("--copies", error, StringComparison.Ordinal);
        Assert.Contains("Nothing was done.", error, StringComparison.Ordinal);
        Assert.Equal(0L, await ScalarAsync(_database, "select count(*) from information_schema.tables where table_schema = 'bank'"));
    }
}
