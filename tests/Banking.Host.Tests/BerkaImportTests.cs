using System.Globalization;
using System.Text;
using Banking.Testing;
using Banking.Testing.Histories;
using Npgsql;
using static Banking.Host.Tests.BerkaCommand;

namespace Banking.Host.Tests;

/// <summary>Import of a history, the main use case, through the command line.</summary>
public sealed class BerkaImportTests : IAsyncLifetime
{
    private static readonly Dictionary<string, string> Frequencies = new()
    {
        ["POPLATEK MESICNE"] = "monthly",
        ["POPLATEK TYDNE"] = "weekly",
        ["POPLATEK PO OBRATU"] = "each-transaction",
    };

    private string _database = "";

    public async ValueTask InitializeAsync() => _database = await TestCluster.NewDatabaseAsync();

    public async ValueTask DisposeAsync() => await TestCluster.DropAsync(_database);

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public async Task The_report_has_the_counts_that_the_data_is_known_for_and_a_second_run_imports_nothing(string history)
    {
        await using var bank = await ImportedBank.CopyAsync(history);
        var (known, first) = (bank.Known, bank.Report);
        var second = await ImportAsync(bank.Database, known.Folder);

        Assert.Equal(
            (known.Customers, known.Accounts, known.Rows, known.Exact, known.Rounded, known.Gaps),
            (Int(first, "customers"), Int(first, "accounts"), Int(first, "transactions"), Int(first, "exact"), Int(first, "rounded"),
                first.GetProperty("discrepancies").GetArrayLength()));
        Assert.Equal(
            (known.Credits, known.Debits, known.Replayed),
            (
                first.GetProperty("credits").GetString(),
                first.GetProperty("debits").GetString(),
                first.GetProperty("closingBalance").GetString()));
        Assert.Equal(
            known.Missing,
            first.GetProperty("discrepancies").EnumerateArray().Sum(d => Decimal(d, "missing")).ToString("F2", CultureInfo.InvariantCulture)
        );
        Assert.True(first.GetProperty("imported").GetBoolean());
        Assert.False(second.GetProperty("imported").GetBoolean());
        Assert.Equal(first.GetProperty("closingBalance").GetString(), second.GetProperty("closingBalance").GetString());
        Assert.Equal(known.Events, await ScalarAsync(bank.Database, "select count(*) from bank.mt_events"));

        // The stored account states add up to the closing balance that the report computed from the events.
        Assert.Equal(
            (long)(Decimal(first, "closingBalance") * 100),
            await ScalarAsync(bank.Database, "select sum((data -> 'balance' ->> 'minor')::bigint)::bigint from accounts.mt_doc_account"));
    }

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public async Task Killed_half_way_and_run_again_it_ends_in_the_same_state(string history)
    {
        var known = History.Of(history);
        using (var process = HostProcess.Start(["import", "berka", known.Folder, "--json"], ("ConnectionStrings__banking", _database)))
        {
            // Kill the import when a third of the streams is stored; which ones is not deterministic.
            await Eventually.UntilAsync(
                CountStreamsAsync, streams => process.HasExited || streams >= (known.Customers + known.Accounts) / 3);
            process.Kill();
            await process.WaitForExitAsync();
        }

        var half = await CountStreamsAsync();
        await ImportAsync(_database, known.Folder);
        var whole = await ImportedBank.UntouchedAsync(history);

        Assert.InRange(half, 1, known.Customers + known.Accounts - 1);
        Assert.Equal(await ComputeDigestAsync(whole.Database), await ComputeDigestAsync(_database));
    }

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public async Task The_imported_bank_is_served_like_any_other(string history)
    {
        await using var bank = await ImportedBank.CopyAsync(history);
        var known = bank.Known;
        await using var host = await bank.StartHostAsync();
        var teller = BankFixture.On(host, "teller");

        var account = (await teller.GetAsync($"/v1/accounts?externalId={known.Booking.Account}")).Ok().Json.GetProperty("items")[0];
        var id = account.GetProperty("id").GetString();
        var past = (await teller.GetAsync($"/v1/accounts/{id}/balance?effectiveAt={known.Booking.Day}T23:59:59Z")).Ok();
        var entries = (await teller.GetAsync($"/v1/accounts/{id}/entries?limit=500"))
            .Ok()
            .Json.GetProperty("items")
            .EnumerateArray()
            .ToList();

        var last = entries.Last(e =>
            e.GetProperty("effectiveAt").GetDateTimeOffset()
            <= DateTimeOffset.Parse(known.Booking.Day + "T23:59:59Z", CultureInfo.InvariantCulture));
        Assert.Equal(last.GetProperty("balance").GetProperty("value").GetString(), past.Text("balance", "value"));
        Assert.Equal(known.Booking.Balance, past.Text("balance", "value")); // as the other bank recorded it
        Assert.Equal("trans.asc", entries[0].GetProperty("source").GetProperty("file").GetString());
        Assert.Equal(known.Booking.FirstRow, entries[0].GetProperty("source").GetProperty("id").GetString());
        var correction = entries.First(e => e.GetProperty("type").GetString() == "correction");
        Assert.Equal("rounding", correction.GetProperty("correctionClass").GetString());

        await AssertStatementsAsync(teller, id!, known);
        (await teller.DepositAsync(id!, "1.00", "CZK")).Created();
        Assert.Equal("import:berka", (await teller.GetAsync($"/v1/accounts/{id}/events?limit=1")).Ok().Json
            .GetProperty("items")[0].GetProperty("actor").GetString());
    }

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public async Task Every_imported_account_keeps_its_schedule_and_its_statement_closes_as_the_other_bank_recorded(string history)
    {
        await using var bank = await ImportedBank.CopyAsync(history);
        var rows = (await RecordedAsync(bank.Known)).ToLookup(r => r.Account);
        var accounts = (await bank.RowsAsync("select id, data ->> 'externalId' from accounts.mt_doc_account order by 2"))
            .Select(r => r.Split('|')).ToDictionary(r => r[1], r => "acc_" + r[0].Replace("-", "", StringComparison.Ordinal));
        var gaps = bank.Report.GetProperty("discrepancies").EnumerateArray()
            .Select(d => d.GetProperty("accountId").ToString()).ToHashSet();
        await using var host = await bank.StartHostAsync();
        var teller = BankFixture.On(host, "teller");
        var whole = accounts.Where(a => rows[a.Key].Any() && !gaps.Contains(a.Key)).ToList();

        await Parallel.ForEachAsync(whole, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (account, _) =>
        {
            // The last year with a booking, from the month of the opening on: it begins with what the other bank recorded before it.
            var of = rows[account.Key].ToList();
            var (first, year) = (of.Min(r => r.Day), new DateOnly(of.Max(r => r.Day).Year, 1, 1));
            var from = first > year ? new(first.Year, first.Month, 1) : year;
            var statement = (await teller.PostAsync(
                $"/v1/accounts/{account.Value}/statements", new { from = $"{from:O}", to = $"{year.AddYears(1):O}" }));
            Assert.Contains(Value(statement.Created(), "closing"), Recorded(of));
            var before = of.Where(r => r.Day < from).ToList();
            Assert.Contains(Value(statement, "opening"), before.Count == 0 ? [0m] : Recorded(before));
        });

        Assert.True(whole.Count >= bank.Known.Accounts - gaps.Count - 2, $"{whole.Count} of {bank.Known.Accounts} accounts");
        Assert.Equal(
            (await File.ReadAllLinesAsync(Path.Combine(bank.Known.Folder, "account.asc"), Encoding.Latin1)).Skip(1)
                .Select(line => line.Split(';')).Select(row => $"{row[0]}|{Frequencies[row[2].Trim('"')]}").Order(StringComparer.Ordinal),
            (await bank.RowsAsync(
                "select a.data ->> 'externalId', s.data -> 'schedule' ->> 'frequency' from accounts.mt_doc_account_statements s "
                    + "join accounts.mt_doc_account a on a.id = (s.data ->> 'account')::uuid")).Order(StringComparer.Ordinal));
        Assert.Equal(
            await bank.RowAsync(
                "select count(*) from accounts.mt_doc_account_statements "
                    + "where data -> 'schedule' ->> 'frequency' in ('monthly', 'weekly')"),
            await bank.RowAsync("select count(*) from platform.due where operation = 'accounts.issue-scheduled-statement.v1'"));
    }

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public async Task A_malformed_file_is_refused_before_anything_is_written(string history)
    {
        var known = History.Of(history);
        var copy = TestFolders.New("berka-");
        foreach (var file in Directory.GetFiles(known.Folder, "*.asc"))
        {
            File.Copy(file, Path.Combine(copy.FullName, Path.GetFileName(file)));
        }

        var trans = Path.Combine(copy.FullName, "trans.asc");
        var lines = await File.ReadAllLinesAsync(trans, TestContext.Current.CancellationToken);
        lines[20_000] = lines[20_000]
            .Replace(";\"PRIJEM\";", ";\"PRIJAM\";", StringComparison.Ordinal)
            .Replace(";\"VYDAJ\";", ";\"VYDEJ\";", StringComparison.Ordinal);
        await File.WriteAllLinesAsync(trans, lines, TestContext.Current.CancellationToken);

        var (exitCode, output, error) = await HostProcess.RunAsync(
            ["import", "berka", copy.FullName], ("ConnectionStrings__banking", _database));

        Assert.Equal(2, exitCode);
        Assert.Contains("trans.asc, line 20001, field type", error, StringComparison.Ordinal);
        Assert.Empty(output);
        Assert.Equal(0L, await ScalarAsync(_database, "select count(*) from information_schema.tables where table_schema = 'bank'"));
        copy.Delete(recursive: true);
    }

    /// <summary>
    /// Issues a statement of each month. Its closing balance is one that the other bank recorded on the last day with a booking: the files
    /// do not say in which order the bookings of a day were made.
    /// </summary>
    private static async Task AssertStatementsAsync(BankClient teller, string id, History known)
    {
        var recorded = (await RecordedAsync(known)).Where(r => r.Account == known.Booking.Account).ToList();
        var (first, before) = (recorded.Min(r => r.Day), 0m);
        for (var month = new DateOnly(first.Year, first.Month, 1); month <= recorded.Max(r => r.Day); month = month.AddMonths(1))
        {
            var period = new { from = $"{month:O}", to = $"{month.AddMonths(1):O}" };
            var statement = (await teller.PostAsync($"/v1/accounts/{id}/statements", period)).Created();
            var closing = Value(statement, "closing");

            Assert.Equal(before, Value(statement, "opening"));
            Assert.Contains(closing, Recorded(recorded.Where(r => r.Day < month.AddMonths(1))));
            before = closing;
        }
    }

    /// <summary>The balances that the other bank recorded on the last day of some rows.</summary>
    private static IEnumerable<decimal> Recorded(IEnumerable<RecordedRow> rows)
    {
        var all = rows.ToList();
        var last = all.Max(r => r.Day);
        return all.Where(r => r.Day == last).Select(r => r.Balance);
    }

    private static decimal Value(Answer statement, string balance) =>
        decimal.Parse(statement.Text(balance, "value"), CultureInfo.InvariantCulture);

    private static async Task<IEnumerable<RecordedRow>> RecordedAsync(History known) =>
        (await File.ReadAllLinesAsync(Path.Combine(known.Folder, "trans.asc"), Encoding.Latin1))
            .Skip(1)
            .Select(line => line.Split(';'))
            .Select(row => new RecordedRow(
                row[1],
                DateOnly.ParseExact("19" + row[2], "yyyyMMdd", CultureInfo.InvariantCulture),
                decimal.Parse(row[6], CultureInfo.InvariantCulture)));

    private async Task<long> CountStreamsAsync() =>
        await ScalarAsync(
            _database, "select count(*) from information_schema.tables where table_schema = 'bank' and table_name = 'mt_streams'") == 0
            ? 0
            : await ScalarAsync(_database, "select count(*) from bank.mt_streams");

    /// <summary>Digest of all that an import stores, without what differs between runs: keys, sealed names, times, positions.</summary>
    /// <summary>A hash of all states and events, without what each bank seals under its own keys and the times of registrations.</summary>
    private static async Task<string> ComputeDigestAsync(string database)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(
            """
            select md5(string_agg(e.line, '|' order by e.line)) || (select md5(string_agg(a.line, '|' order by a.line)) from (
                select id::text || (data - 'recordedAt')::text as line from accounts.mt_doc_account) a)
            from (select stream_id::text || version || id::text || type || ((data #- '{details,counterparty}') - 'personal'
                - case when type like 'customers%' then 'effectiveAt' else '' end)::text as line
                from bank.mt_events) e
            """);
        return (string)(await command.ExecuteScalarAsync())!;
    }

    /// <summary>A booked row of the files.</summary>
    private sealed record RecordedRow(string Account, DateOnly Day, decimal Balance);
}
