using Banking.Testing;
using Npgsql;
using static Banking.Host.Tests.BerkaCommand;

namespace Banking.Host.Tests;

/// <summary>The main job on real input, by the command that its users type. Skipped where the data is not beside the repository.</summary>
public sealed class BerkaImportTests : IAsyncLifetime
{
    private string _database = "";

    public async ValueTask InitializeAsync() => _database = await TestCluster.NewDatabaseAsync();

    public async ValueTask DisposeAsync() => await TestCluster.DropAsync(_database);

    [Fact]
    public async Task The_report_has_the_counts_that_the_data_is_known_for_and_a_second_run_imports_nothing()
    {
        var first = await ImportAsync(_database, Folder);
        var second = await ImportAsync(_database, Folder);

        Assert.Equal(
            (715, 591, 23_932, 22_801, 1_115, 16),
            (Int(first, "customers"), Int(first, "accounts"), Int(first, "transactions"), Int(first, "exact"), Int(first, "rounded"),
                first.GetProperty("discrepancies").GetArrayLength()));
        Assert.Equal("87119745.30", first.GetProperty("credits").GetString());
        Assert.Equal("68062431.60", first.GetProperty("debits").GetString());
        var missing = first.GetProperty("discrepancies").EnumerateArray().Sum(d => Decimal(d, "missing"));
        Assert.Equal(19_059_778.60m, Decimal(first, "closingBalance") + missing);
        Assert.All(first.GetProperty("discrepancies").EnumerateArray(), d => Assert.Equal("1994-03-31", d.GetProperty("date").GetString()));
        Assert.True(first.GetProperty("imported").GetBoolean());
        Assert.False(second.GetProperty("imported").GetBoolean());
        Assert.Equal(first.GetProperty("closingBalance").GetString(), second.GetProperty("closingBalance").GetString());
        Assert.Equal(26_477L, await ScalarAsync(_database, "select count(*) from bank.mt_events"));

        // The stored states are those that the events fold to, and one statement over the log says the same sum.
        Assert.Equal(
            (long)(Decimal(first, "closingBalance") * 100),
            await ScalarAsync(_database, "select sum((data -> 'balance' ->> 'minor')::bigint)::bigint from accounts.mt_doc_account"));
    }

    [Fact]
    public async Task Killed_half_way_and_run_again_it_ends_in_the_same_state()
    {
        using (var process = HostProcess.Start(["import", "berka", Folder, "--json"], ("ConnectionStrings__banking", _database)))
        {
            // Half-way is when some streams are there; there is no telling which.
            while (!process.HasExited && await StreamsAsync() < 900)
            {
                await Task.Yield();
            }

            process.Kill();
            await process.WaitForExitAsync();
        }

        var half = await StreamsAsync();
        await ImportAsync(_database, Folder);
        var whole = await TestCluster.NewDatabaseAsync();
        await ImportAsync(whole, Folder);

        Assert.InRange(half, 1, 1305);
        Assert.Equal(await DigestAsync(whole), await DigestAsync(_database));
        await TestCluster.DropAsync(whole);
    }

    [Fact]
    public async Task The_imported_bank_is_served_like_any_other()
    {
        await ImportAsync(_database, Folder);
        await using var host = await HostProcess.ServeAsync(["--no-demo"], ("ConnectionStrings__banking", _database));
        var teller = await host.TellerAsync();

        var account = (await teller.GetAsync("/v1/accounts?externalId=576")).Ok().Json.GetProperty("items")[0];
        var id = account.GetProperty("id").GetString();
        var past = (await teller.GetAsync($"/v1/accounts/{id}/balance?effectiveAt=1993-06-30T23:59:59Z")).Ok();
        var entries = (await teller.GetAsync($"/v1/accounts/{id}/entries?limit=500")).Ok().Json.GetProperty("items").EnumerateArray().ToList();

        var last = entries.Last(e => e.GetProperty("effectiveAt").GetDateTimeOffset() <= new DateTimeOffset(1993, 6, 30, 23, 59, 59, TimeSpan.Zero));
        Assert.Equal(last.GetProperty("balance").GetProperty("value").GetString(), past.Text("balance", "value"));
        Assert.Equal("15333.20", past.Text("balance", "value")); // what the other bank recorded after its row 172042
        Assert.Equal("trans.asc", entries[0].GetProperty("source").GetProperty("file").GetString());
        Assert.Equal("171812", entries[0].GetProperty("source").GetProperty("id").GetString());
        var correction = entries.First(e => e.GetProperty("type").GetString() == "correction");
        Assert.Equal("rounding", correction.GetProperty("correctionClass").GetString());

        (await teller.DepositAsync(id!, "1.00", "CZK")).Created();
        Assert.Equal("import:berka", (await teller.GetAsync($"/v1/accounts/{id}/events?limit=1")).Ok().Json
            .GetProperty("items")[0].GetProperty("actor").GetString());
    }

    [Fact]
    public async Task A_malformed_file_is_refused_before_anything_is_written()
    {
        var copy = TestFolders.New("berka-");
        foreach (var file in Directory.GetFiles(Folder, "*.asc"))
        {
            File.Copy(file, Path.Combine(copy.FullName, Path.GetFileName(file)));
        }

        var trans = Path.Combine(copy.FullName, "trans.asc");
        var lines = await File.ReadAllLinesAsync(trans, TestContext.Current.CancellationToken);
        lines[20_000] = lines[20_000].Replace(";\"PRIJEM\";", ";\"PRIJAM\";", StringComparison.Ordinal).Replace(";\"VYDAJ\";", ";\"VYDEJ\";", StringComparison.Ordinal);
        await File.WriteAllLinesAsync(trans, lines, TestContext.Current.CancellationToken);

        var (exitCode, output, error) = await HostProcess.RunAsync(["import", "berka", copy.FullName], ("ConnectionStrings__banking", _database));

        Assert.Equal(2, exitCode);
        Assert.Contains("trans.asc, line 20001, field type", error, StringComparison.Ordinal);
        Assert.Empty(output);
        Assert.Equal(0L, await ScalarAsync(_database, "select count(*) from information_schema.tables where table_schema = 'bank'"));
        copy.Delete(recursive: true);
    }

    private async Task<long> StreamsAsync() =>
        await ScalarAsync(_database, "select count(*) from information_schema.tables where table_schema = 'bank' and table_name = 'mt_streams'") == 0
            ? 0
            : await ScalarAsync(_database, "select count(*) from bank.mt_streams");

    /// <summary>Everything that an import stores but what differs by nature: keys and sealed names, times, positions.</summary>
    private static async Task<string> DigestAsync(string database)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(
            """
            select md5(string_agg(e.line, '|' order by e.line)) || (select md5(string_agg(a.line, '|' order by a.line)) from (
                select id::text || (data - 'recordedAt')::text as line from accounts.mt_doc_account) a)
            from (select stream_id::text || version || id::text || type || (data - 'personal' - case when type like 'customers%' then 'effectiveAt' else '' end)::text as line
                from bank.mt_events) e
            """);
        return (string)(await command.ExecuteScalarAsync())!;
    }
}
