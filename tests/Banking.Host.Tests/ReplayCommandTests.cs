using Banking.Testing.Histories;

namespace Banking.Host.Tests;

/// <summary>Replay of a part of the log into a separate schema. All tests share one bank, because a replay does not change it.</summary>
public sealed class ReplayCommandTests
{
    private const string InstantFormat = "YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"";

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public async Task The_rows_of_an_account_are_those_that_serve(string history)
    {
        var bank = await ImportedBank.UntouchedAsync(history);
        var account = await bank.RowAsync(
            "select replace(account::text, '-', '') from accounts.entry group by account order by count(*) desc limit 1");

        var report = await ReplayAsync(bank, "entries", "--into", "scratch_one", "--account", "acc_" + account);

        await bank.SameRowsAsync("select * from scratch_one.entry", $"select * from accounts.entry where account = '{account}'");
        var rows = await bank.RowAsync("select count(*) from scratch_one.entry");
        Assert.StartsWith($"{rows} events in schema scratch_one: entry {rows} rows, entry_day 0 rows", report, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public async Task Rows_from_one_instant_to_another_have_the_balances_that_serve(string history)
    {
        var bank = await ImportedBank.UntouchedAsync(history);
        var (from, to) = await GetMiddleIntervalAsync(bank);

        await ReplayAsync(bank, "entries", "--into=scratch_middle", "--from=" + from, "--to", to);

        await bank.SameRowsAsync(
            "select * from scratch_middle.entry", $"select * from accounts.entry where recorded_at >= '{from}' and recorded_at < '{to}'");
    }

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public async Task The_sums_of_a_replayed_ledger_are_those_of_its_journal(string history)
    {
        var bank = await ImportedBank.UntouchedAsync(history);
        var (from, to) = await GetMiddleIntervalAsync(bank);

        await ReplayAsync(bank, "ledger", "--into", "scratch_ledger", "--from", from, "--to", to);

        await bank.SameRowsAsync(
            "select * from scratch_ledger.journal", $"select * from ledger.journal where recorded_at >= '{from}' and recorded_at < '{to}'");
        await bank.SameRowsAsync(
            "select gl, currency, effective_on, debits, credits, entries from scratch_ledger.gl_day",
            """
            select 2000, currency, effective_on, sum(greatest(-credit, 0)), sum(greatest(credit, 0)), count(*) from
                scratch_ledger.journal group by 2, 3
            union all
            select counter, currency, effective_on, sum(greatest(credit, 0)), sum(greatest(-credit, 0)), count(*) from
                scratch_ledger.journal group by 1, 2, 3
            """);
    }

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public async Task Nothing_is_written_but_the_schema_that_was_named(string history)
    {
        var bank = await ImportedBank.UntouchedAsync(history);
        var before = await CountRowsAsync(bank);

        await ReplayAsync(bank, "audit", "--into", "scratch_audit");

        await bank.SameRowsAsync("select * from scratch_audit.event_index", "select * from audit.event_index");
        Assert.Contains(before, t => t.StartsWith("wolverine.", StringComparison.Ordinal));
        Assert.Contains(before, t => t == $"bank.mt_events_default|{bank.Events}");
        Assert.Equal(before, await CountRowsAsync(bank));
    }

    [Theory]
    [InlineData("entries")]
    [InlineData("--into", "scratch_no")]
    [InlineData("entries", "--into", "accounts")]
    [InlineData("entries", "--into", "scratch_")]
    [InlineData("entries", "--into", "scratch_No")]
    [InlineData("entries", "--into", "scratch_no; drop schema bank")]
    [InlineData("entries", "--into", "scratch_no", "--account", "cus_00000000000000000000000000000001")]
    [InlineData("entries", "--into", "scratch_no", "--account=576")]
    [InlineData("entries", "--into", "scratch_no", "--account")]
    [InlineData("entries", "--into", "scratch_no", "--acount", "acc_00000000000000000000000000000001")]
    [InlineData("entries", "--into", "scratch_no", "--from", "2026-01-01")]
    [InlineData("entries", "--into", "scratch_no", "--to", "2026-01-01T00:00:00")]
    [InlineData("entries", "--into", "scratch_no", "--from", "2026-01-02T00:00:00Z", "--to", "2026-01-01T00:00:00Z")]
    [InlineData("postings", "--into", "scratch_no")]
    public async Task What_was_not_understood_is_answered_with_a_sentence_and_makes_nothing(params string[] command)
    {
        var bank = await ImportedBank.UntouchedAsync();
        var (exitCode, output, error) = await bank.RunAsync(["projections", "replay", .. command]);

        Assert.Equal(2, exitCode);
        Assert.Matches(
            "[Rr]equired|Unrecognized|--into: a schema|--account: an id|--from: an instant|--to: an instant|--from must be "
                + "before|There is no read model 'postings': entries, ledger, audit",
            error);
        Assert.Empty(output);
        Assert.Equal(
            "0",
            await bank.RowAsync(
                "select count(*) from information_schema.schemata where schema_name like 'scratch\\_no%' or schema_name in "
                    + "('scratch_', 'scratch_No')"
            ));
    }

    private static async Task<string> ReplayAsync(ImportedBank bank, params string[] options)
    {
        var (exitCode, output, error) = await bank.RunAsync(["projections", "replay", .. options]);
        Assert.True(exitCode == 0, output + error);
        return output;
    }

    /// <summary>Two instants between the first and the last imported event, by the time of recording.</summary>
    private static async Task<(string From, string To)> GetMiddleIntervalAsync(ImportedBank bank)
    {
        var row = await bank.RowAsync(
            $"select to_char(percentile_disc(0.3) within group (order by recorded_at), '{InstantFormat}'), to_char(percentile_disc(0.7) "
                + $"within group (order by recorded_at), '{InstantFormat}') "
                + "from (select recorded_at at time zone 'UTC' as recorded_at from accounts.entry) e");
        return (row.Split('|')[0], row.Split('|')[1]);
    }

    /// <summary>The row count of each table of the database, without scratch schemas.</summary>
    private static Task<List<string>> CountRowsAsync(ImportedBank bank) =>
        bank.RowsAsync(
            """
            select t.name, (xpath('//c/text()', query_to_xml('select count(*) as c from ' || t.name, false, false, '')))[1]::text
            from (select table_schema || '.' || table_name as name from information_schema.tables
                where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema') and table_schema not like
                    'scratch%') t
            order by 1
            """
        );
}
