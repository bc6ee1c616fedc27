using System.Text.Json;
using Banking.Testing;
using static Banking.Host.Tests.BerkaCommand;

namespace Banking.Host.Tests;

/// <summary>
/// The content decides whether an import is a repeat: the same rows are the same history; other rows under the same ids are refused.
/// </summary>
public sealed class BerkaRepeatTests(SmallHistory bank) : IClassFixture<SmallHistory>
{
    private const string CountOfEvents = "select count(*) from bank.mt_events";

    [Theory]
    [InlineData(
        "trans.asc",
        "200.00;800.00",
        "300.00;800.00",
        "trans.asc, line 3: row 101 has amount 200.00 CZK in the bank and 300.00 CZK in the files")]
    [InlineData("trans.asc", "930102", "930103", "trans.asc, line 3: row 101 has effectiveAt \"1993-01-02")]
    [InlineData(
        "trans.asc",
        "\"SIPO\"",
        "\"UVER\"",
        "trans.asc, line 3: row 101 has details.purpose.text \"household\" in the bank and \"loan\" in the files")]
    [InlineData("trans.asc", "87144583", "87144584", "trans.asc, line 3: row 101 has details.counterparty.account \"87144583\"")]
    [InlineData(
        "trans.asc",
        "\"VYDAJ\"",
        "\"PRIJEM\"",
        "trans.asc, line 3: row 101 is accounts.money-withdrawn.v3 in the bank and accounts.money-deposited.v3 in the files")]
    [InlineData("trans.asc", "801.23", "801.20", "trans.asc, line 5: row 103 is in the bank and not in the files")]
    [InlineData("trans.asc", "801.23", "801.22", "trans.asc, line 5: row 103 has amount 0.03 CZK in the bank and 0.02 CZK in the files")]
    [InlineData("trans.asc", "102;20;930105", "104;20;930105", "trans.asc, line 4: row 102 is in the bank and not in the files")]
    [InlineData(
        "trans.asc",
        "102;20;",
        "104;20;930106;\"PRIJEM\";\"VKLAD\";1.00;501.00;\"\";;\n102;20;",
        "trans.asc, line 4: row 104 is in the files and not in the bank")]
    [InlineData("account.asc", "930101", "921231", "account.asc, line 2: row 10 has effectiveAt \"1993-01-01")]
    [InlineData("disp.asc", "2;2;10;\"DISPONENT\"\n", "", "disp.asc, line 3: row 2 is in the bank and not in the files")]
    [InlineData("disp.asc", "3;2;20", "3;1;20", "account.asc, line 3: row 20 has owner")]
    [InlineData(
        "client.asc",
        "406009",
        "406010",
        "client.asc, line 3: row 2 has personal.details.birthDate \"1940-10-09\" in the bank and \"1940-10-10\" in the files")]
    public async Task A_different_history_under_known_ids_is_refused_by_its_first_row_that_differs(
        string file, string found, string replacement, string expectedError)
    {
        var before = await ScalarAsync(bank.Database, CountOfEvents);
        var folder = SmallHistory.WriteWith(file, found, replacement);

        var (exitCode, output, error) = await RunImportAsync(folder);

        Assert.Equal((1, ""), (exitCode, output));
        Assert.StartsWith(expectedError, error, StringComparison.Ordinal);
        Assert.EndsWith("Nothing was imported.\n", error.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Equal(before, await ScalarAsync(bank.Database, CountOfEvents));
    }

    [Fact]
    public async Task Of_several_rows_that_differ_the_first_in_the_files_is_named_and_new_accounts_are_not_imported()
    {
        var before = await ScalarAsync(bank.Database, CountOfEvents);
        var folder = SmallHistory.Write(
            (name, lines) =>
                name switch
                {
                    "account.asc" => [.. lines, "30;1;\"POPLATEK MESICNE\";930101"],
                    "disp.asc" => [.. lines, "4;1;30;\"OWNER\""],
                    "trans.asc" => lines.Select(l =>
                        l.Replace("500.00;500.00", "501.00;501.00", StringComparison.Ordinal)
                            .Replace("1.20;801.23", "1.30;801.23", StringComparison.Ordinal)),
                    _ => lines,
                });

        var (exitCode, _, error) = await RunImportAsync(folder, isProcess: true);

        Assert.Equal(1, exitCode);
        Assert.StartsWith(
            "trans.asc, line 4: row 102 has amount 500.00 CZK in the bank and 501.00 CZK in the files", error, StringComparison.Ordinal);
        Assert.Equal(before, await ScalarAsync(bank.Database, CountOfEvents));
    }

    [Fact]
    public async Task Rows_in_another_order_and_on_other_lines_are_the_same_history()
    {
        var folder = SmallHistory.Write((_, lines) => [lines[0], "", .. lines.Skip(1).Reverse()]);

        var (exitCode, output, error) = await RunImportAsync(folder, isProcess: true);

        Assert.True(exitCode == 0, error);
        Assert.False(JsonDocument.Parse(output).RootElement.GetProperty("imported").GetBoolean());
    }

    [Fact]
    public async Task The_balance_that_is_shown_is_the_one_that_the_bank_holds()
    {
        var database = await TestCluster.NewDatabaseAsync();
        var folder = SmallHistory.Write((_, lines) => lines);
        // In earlier versions of the events: a repeat compares what they say.
        var first = await ImportAsync(database, folder.FullName, "--Banking:Events:WriteVersionsOf=2026-11-29");
        Assert.Equal(1, await ScalarAsync(database, $"{CountOfEvents} where type = 'accounts.correction-booked.v1'"));
        await using (var host = await BankFixture.StartOnAsync(database))
        {
            var teller = BankFixture.On(host, "teller");
            var account = (await teller.GetAsync("/v1/accounts?externalId=20"))
                .Ok()
                .Json.GetProperty("items")[0]
                .GetProperty("id")
                .GetString()!;
            (await teller.DepositAsync(account, "0.77", "CZK")).Created();
        }

        var again = await ImportAsync(database, folder.FullName);
        await using (var source = Npgsql.NpgsqlDataSource.Create(database))
        {
            await using var delete = source.CreateCommand("delete from accounts.mt_doc_account");
            await delete.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var folded = await ImportAsync(database, folder.FullName);
        folder.Delete(recursive: true);
        await TestCluster.DropAsync(database);

        Assert.Equal(("1301.23", "1302.00", "1302.00"), (GetClosingBalance(first), GetClosingBalance(again), GetClosingBalance(folded)));
        Assert.False(again.GetProperty("imported").GetBoolean());
    }

    [Theory]
    [InlineData("client.asc")]
    [InlineData("trans.asc")]
    [InlineData(null)]
    public async Task Files_with_headers_only_are_refused_before_anything_is_written(string? file)
    {
        var folder = SmallHistory.Write((name, lines) => file is null || name == file ? lines.Take(1) : lines);

        var (exitCode, output, error) = await RunImportAsync(folder);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.StartsWith($"{file ?? "client.asc"}: the file has a header but no rows", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_row_before_its_account_was_opened_is_refused_before_anything_is_written()
    {
        var folder = SmallHistory.WriteWith("trans.asc", "102;20;930105", "102;20;930104");

        var (exitCode, output, error) = await RunImportAsync(folder, isProcess: true);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.StartsWith(
            "trans.asc, line 4, field date: account 20 was opened on 1993-01-05, after this row.", error, StringComparison.Ordinal);
    }

    private async Task<(int ExitCode, string Output, string Error)> RunImportAsync(DirectoryInfo folder, bool isProcess = false)
    {
        string[] command = ["import", "berka", folder.FullName, "--json"];
        var setting = ("ConnectionStrings__banking", bank.Database);
        var result = await (isProcess ? HostProcess.RunAsync(command, setting) : HostCommand.RunAsync(command, setting));
        folder.Delete(recursive: true);
        return result;
    }

    private static string GetClosingBalance(JsonElement report) => report.GetProperty("closingBalance").GetString()!;

    [Fact]
    public async Task A_dump_shows_no_counterparty_of_an_imported_row()
    {
        Assert.Equal(1, await ScalarAsync(bank.Database, $"{CountOfEvents} where data -> 'details' ? 'counterparty'"));

        Assert.DoesNotContain("87144583", await DatabaseBackup.TextAsync(bank.Database), StringComparison.Ordinal);
    }
}
