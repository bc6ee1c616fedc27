using System.Text.Json;
using Banking.Testing.Histories;

namespace Banking.Host.Tests;

/// <summary>
/// The verify command, which compares the read models with the log, on a correct bank and on banks with planted differences.
/// </summary>
public sealed class VerifyCommandTests
{
    private const string FirstAccount = "(select id from accounts.mt_doc_account order by id limit 1)";

    /// <summary>Read model, table name in the report, and a statement that changes a row and returns the stream of it.</summary>
    private static readonly (string Model, string Table, string Sql)[] PlantedDifferences =
    [
        (
            "entries",
            "entry",
            "update accounts.entry set effective_at = effective_at + interval '1 day' where position = {0} returning account"),
        (
            "entries",
            "entry_day",
            $"insert into accounts.entry_day select {FirstAccount}, 0, 0, '1996-01-01', 1, 0, 1, 1, 512, now(), now() returning account"),
        (
            "entries",
            "state",
            $"update accounts.mt_doc_account set data = jsonb_set(data, '{{balance,minor}}', '1') where id > {FirstAccount} and id = "
                + $"(select min(id::text)::uuid from accounts.mt_doc_account where id > {FirstAccount}) returning id"
        ),
        (
            "ledger",
            "journal",
            "update ledger.journal set recorded_at = recorded_at + interval '1 microsecond' where position = (select position "
                + "from ledger.journal order by recorded_at desc, position desc limit 1) returning account"
        ),
        (
            "ledger",
            "gl_day",
            "update ledger.gl_day set entries = entries + 1 where (gl, effective_on) = (select gl, effective_on from ledger.gl_day "
                + "order by 1, 2 limit 1) returning null"
        ),
        // That recorded time was the last of its chunk.
        ("ledger", "gl_chunk", "select null"),
        ("audit", "event_index", "delete from audit.event_index where position = {0} returning stream"),
    ];

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public async Task A_bank_that_is_as_its_log_says_is_called_so_in_figures(string history)
    {
        var bank = await ImportedBank.UntouchedAsync(history);

        var (exitCode, output, error) = await bank.RunAsync("verify", "--full", "--json");

        Assert.True(exitCode == 0, output + error);
        var report = JsonDocument.Parse(output).RootElement;
        Assert.Equal(["events", "accounts", "differences", "seconds"], report.EnumerateObject().Select(m => m.Name));
        Assert.Equal(bank.Events, report.GetProperty("events").GetInt64());
        Assert.Equal(bank.Known.Accounts, report.GetProperty("accounts").GetInt32());
        Assert.Equal(0, report.GetProperty("differences").GetArrayLength());
        Assert.InRange(report.GetProperty("seconds").GetDouble(), 0.001, 60);
    }

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public async Task Each_row_that_is_not_what_the_log_says_is_named_with_its_model_table_and_stream_and_no_other(string history)
    {
        await using var bank = await ImportedBank.CopyAsync(history);
        var planted = new List<string>();
        foreach (var (model, table, sql) in PlantedDifferences)
        {
            planted.Add($"{model} {table} {await bank.RowAsync(sql.Replace("{0}", $"{bank.Middle}", StringComparison.Ordinal))}");
        }

        var (exitCode, output, error) = await bank.RunAsync("verify", "--full", "--json");

        Assert.True(exitCode == 1, output + error);
        var differences = JsonDocument.Parse(output).RootElement.GetProperty("differences").EnumerateArray().ToList();
        Assert.Equal(planted.Order(), differences.Select(d => $"{Text(d, "model")} {Text(d, "table")} {Text(d, "stream")}").Order());
        Assert.All(differences, d => Assert.Equal(Text(d, "table") == "entry_day", Text(d, "expected") == ""));
        Assert.All(differences, d => Assert.Equal(Text(d, "table") == "event_index", Text(d, "found") == ""));
    }

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public async Task A_log_that_contradicts_itself_is_named_and_the_rest_is_compared_and_the_command_ends_with_1(string history)
    {
        await using var bank = await ImportedBank.CopyAsync(history);
        var all = await bank.RowsAsync("select id from bank.mt_streams where type = 'account' and version > 5 order by id limit 8");
        List<string> accounts = [];
        foreach (var forged in (string[])[
            "delete from bank.mt_events where stream_id = '{0}' and version = 2 returning 1",
            "update bank.mt_events set version = -version where stream_id = '{0}' and version = 2 returning 1",
            "update bank.mt_events set data = '{{}}' where stream_id = '{0}' and version = 3 returning 1",
            "update bank.mt_events set seq_id = seq_id + 1000000000 where stream_id = '{0}' and version = 3 returning 1",
            "update bank.mt_streams set version = version + 1 where id = '{0}' returning 1",
            "update bank.mt_streams set is_archived = true where id = '{0}' returning 1",
            "delete from bank.mt_streams where id = '{0}' returning 1"])
        {
            var account = all[accounts.Count];
            accounts.Add(account);
            await bank.RowAsync(string.Format(null, forged, account));
        }

        var state = all[^1];
        await bank.RowAsync($"delete from accounts.mt_doc_account where id = '{state}' returning 1");

        var (exitCode, output, error) = await bank.RunAsync("verify", "--full", "--json");

        Assert.True(exitCode == 1, output + error);
        var differences = JsonDocument.Parse(output).RootElement.GetProperty("differences").EnumerateArray().ToList();
        Assert.All(accounts, a => Assert.Contains(differences, d => Text(d, "model") == "log" && Text(d, "stream") == a));
        Assert.Contains(differences, d => (Text(d, "model"), Text(d, "table"), Text(d, "stream")) == ("entries", "state", state));
        Assert.DoesNotContain(differences, d =>
            Text(d, "table") == "state" && Text(d, "stream") is var s && s != state && !accounts.Contains(s));
    }

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public async Task Sums_are_compared_without_full_too_and_a_line_of_the_report_names_what_differs(string history)
    {
        await using var bank = await ImportedBank.CopyAsync(history);
        await bank.RowAsync(
            "update ledger.gl_day set credits = 4711 where (gl, effective_on) = (select gl, effective_on from ledger.gl_day order "
                + "by 1, 2 limit 1) returning 1"
        );

        var (exitCode, output, _) = await bank.RunAsync("verify");

        Assert.Equal(1, exitCode);
        Assert.Matches("  ledger gl_day : expected {.*}, found {.*\"credits\": 4711.*}\n", output);
    }

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public async Task Without_full_it_compares_a_thousand_streams_wherever_it_begins(string history)
    {
        var bank = await ImportedBank.UntouchedAsync(history);
        var streams = Math.Min(1_000, bank.Known.Customers + (2 * bank.Known.Accounts)); // an account and its statements

        var (exitCode, output, error) = await bank.RunAsync("verify");

        Assert.True(exitCode == 0, output + error);
        Assert.Contains($"Verifying: {streams} of {streams} streams", output, StringComparison.Ordinal);
        Assert.Contains(": 0 differences.", output, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public async Task A_read_model_that_stopped_before_the_end_of_the_log_is_not_called_compared(string history)
    {
        await using var bank = await ImportedBank.CopyAsync(history);
        await bank.RowsAsync(
            $"update platform.read_model set paused_at = now(), pause_reason = 'it is torn', pause_position = {bank.Events + 1} "
                + $"where name = 'ledger'"
        );

        var (exitCode, output, error) = await bank.RunAsync("verify");

        Assert.Equal(1, exitCode);
        Assert.Contains(": 0 differences.", output, StringComparison.Ordinal);
        Assert.Contains(
            $"ledger: stopped before position {bank.Events + 1} (it is torn); nothing was compared after that.",
            error,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_option_that_it_does_not_know_is_not_left_out_unheard()
    {
        var (exitCode, output, error) = await (await ImportedBank.UntouchedAsync()).RunProcessAsync("verify", "--ful", "--json");

        Assert.Equal(2, exitCode);
        Assert.Contains("'--ful' was not matched", error, StringComparison.Ordinal);
        Assert.Empty(output);
    }

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";
}
