using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Banking.Testing;
using Banking.Testing.Histories;
using Npgsql;

namespace Banking.Host.Tests;

/// <summary>The commands that list and rebuild read models, without a running host.</summary>
public sealed class ProjectionsCommandTests
{
    private const string Versions = "select name, generation, state from platform.read_model order by name, generation";

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public async Task The_list_has_each_read_model_and_how_far_it_is(string history)
    {
        var bank = await ImportedBank.UntouchedAsync(history);
        var (exitCode, output, error) = await bank.RunProcessAsync("projections", "list");

        Assert.True(exitCode == 0, error);
        var rows = output.Split('\n').Select(l => Regex.Split(l.Trim(), " +")).Where(r => r.Contains("serving")).ToList();
        Assert.Equal(["account-directory", "audit", "customer-overview", "entries", "ledger", "webhook-overview"], rows.Select(r => r[0]));
        Assert.All(
            rows,
            r => Assert.Equal(
                ["1", r[0] switch { "entries" => "4", "audit" or "ledger" => "2", _ => "1" }, "serving", $"{bank.Events}", "0"], r[1..]));
    }

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public async Task All_are_made_anew_as_they_were_and_who_asked_for_it_and_why_is_in_the_log(string history)
    {
        await using var bank = await ImportedBank.CopyAsync(history);
        var served = await bank.ServedAsync();

        var (exitCode, output, error) = await bank.RunAsync("projections", "rebuild", "all", "--reason", "a disk was replaced");

        Assert.True(exitCode == 0, output + error);
        Assert.Equal(
            ["audit|1|retired", "audit|2|serving", "entries|1|retired", "entries|2|serving", "ledger|1|retired", "ledger|2|serving"],
            await bank.RowsAsync(Versions));
        Assert.Equal(served, await bank.ServedAsync());
        Assert.Equal("", await bank.RowAsync("select to_regclass('accounts.entry_g1')::text"));
        var requests = await bank.RowsAsync(
            "select data ->> 'model', data ->> 'generation', user_name, headers ->> 'role', headers ->> 'reasonText' from bank.mt_events "
                + "where type = 'platform.rebuild-requested.v1' order by 1");
        Assert.Equal(
            ((string[])["account-directory", "audit", "customer-overview", "entries", "ledger", "webhook-overview"]).Select(m =>
                $"{m}|2|cli:{Environment.UserName}|operator|a disk was replaced"),
            requests);
        Assert.Equal(
            "6",
            await bank.RowAsync(
                "select count(*) from bank.mt_events where type = 'platform.rebuild-finished.v1' and data ->> 'outcome' = 'serving' "
                    + "and data ->> 'differences' = '0'"
            ));
    }

    [Theory]
    [InlineData(
        "There is no read model 'postings': entries, ledger, audit, account-directory, customer-overview, webhook-overview or all.",
        "rebuild",
        "postings",
        "--reason",
        "why not")]
    [InlineData("Option '--reason' is required", "rebuild", "all")]
    [InlineData("--reason TEXT: give a reason", "rebuild", "all", "--reason", " ")]
    [InlineData("argument 'NAME' missing", "rebuild", "--reason", "no name")]
    [InlineData("Did you mean one of the following?\nrebuild", "rebuilt", "all", "--reason", "a slip of the pen")]
    [InlineData("argument '--all'", "list", "--all")]
    public async Task What_was_not_understood_is_answered_with_a_sentence_and_changes_nothing(string sentence, params string[] command)
    {
        var bank = await ImportedBank.UntouchedAsync();
        var before = await bank.RowsAsync(Versions);

        var (exitCode, output, error) = await bank.RunAsync(["projections", .. command]);

        Assert.Equal(2, exitCode);
        Assert.Contains(sentence, error, StringComparison.Ordinal);
        Assert.Empty(output);
        Assert.Equal(before, await bank.RowsAsync(Versions));
        Assert.Equal($"{bank.Events}", await bank.RowAsync("select count(*) from bank.mt_events"));
    }

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public async Task One_that_differs_from_what_serves_does_not_serve_and_waits_for_a_decision(string history)
    {
        await using var bank = await ImportedBank.CopyAsync(history);
        // The other read models have not applied the events of this rebuild: the next rebuild must update them before it compares.
        Assert.Equal(0, (await bank.RunAsync("projections", "rebuild", "audit", "--reason", "first")).ExitCode);
        var table =
            "accounts.entry_g"
            + await bank.RowAsync("select generation from platform.read_model where name = 'entries' and state = 'serving'");
        var plantedRow = await bank.RowAsync(
            $"update {table} set balance = balance + 1 where position = {bank.Middle} returning account, balance");
        var served = await bank.ServedAsync();

        var (exitCode, output, error) = await bank.RunAsync("projections", "rebuild", "entries", "--reason", "to see whether it holds");

        Assert.True(exitCode == 1, output + error);
        Assert.Contains("entries: generation 2 differs", output, StringComparison.Ordinal);
        var difference = Assert.Single(Differences(output));
        Assert.Equal(
            ("entry", plantedRow),
            (difference.GetProperty("table").GetString(), $"{difference.GetProperty("stream")}|{Balance(difference, "found")}"));
        Assert.Equal(Balance(difference, "found") - 1, Balance(difference, "expected"));
        Assert.Equal(
            ["1|serving", "2|differs"],
            await bank.RowsAsync("select generation, state from platform.read_model where name = 'entries' order by 1"));
        Assert.Equal(plantedRow, await bank.RowAsync($"select account, balance from accounts.entry where position = {bank.Middle}"));
        Assert.Equal(served[0], (await bank.ServedAsync())[0]);

        (exitCode, output, error) = await bank.RunAsync("projections", "rebuild", "entries", "--reason", "once more");

        Assert.Equal(1, exitCode);
        Assert.Contains(
            "no rebuild was requested, because generation 2 differs from the active one and waits for a decision",
            error,
            StringComparison.Ordinal);
        Assert.Contains("projections switch entries, or POST /ops/projections/entries/candidate/switch", error, StringComparison.Ordinal);
        Assert.Single(Differences(output));
        Assert.Equal(
            "1",
            await bank.RowAsync(
                "select count(*) from bank.mt_events where type = 'platform.rebuild-requested.v1' and data ->> 'model' = 'entries'"));
    }

    [Theory]
    [MemberData(nameof(History.Present), MemberType = typeof(History))]
    public async Task A_transaction_that_was_left_open_is_waited_for_and_that_is_said(string history)
    {
        await using var bank = await ImportedBank.CopyAsync(history);
        await using var source = NpgsqlDataSource.Create(bank.Database);
        await using var connection = await source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        // The transaction has drawn a sequence number without storing an event; an event with a later number is in the log.
        await using var draw = new NpgsqlCommand("select nextval('bank.mt_events_sequence')", connection, transaction);
        await draw.ExecuteScalarAsync(TestContext.Current.CancellationToken);
        await bank.RowsAsync(
            "update bank.mt_events set seq_id = nextval('bank.mt_events_sequence') where seq_id = (select max(seq_id) from "
                + "bank.mt_events) returning 1"
        );
        using var process = await StartUntilItWaitsAsync(bank, "projections", "list");
        using var stopped = await StartUntilItWaitsAsync(bank, "verify");
        Assert.False(process.HasExited);

        using (Process.Start("kill", ["-TERM", stopped.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await stopped.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        await transaction.DisposeAsync();
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.Equal((0, 130), (process.ExitCode, stopped.ExitCode));
    }

    private static async Task<Process> StartUntilItWaitsAsync(ImportedBank bank, params string[] command)
    {
        var firstErrorLine = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var process = HostProcess.Start(command, ("ConnectionStrings__banking", bank.Database));
        process.ErrorDataReceived += (_, line) => firstErrorLine.TrySetResult(line.Data ?? "");
        Assert.StartsWith("Waiting: a transaction has been open", await firstErrorLine.Task, StringComparison.Ordinal);
        return process;
    }

    private static List<JsonElement> Differences(string output) =>
        [.. JsonDocument.Parse(output.Split('\n').Single(l => l.StartsWith('['))).RootElement.EnumerateArray()];

    private static long Balance(JsonElement difference, string side) =>
        JsonDocument.Parse(difference.GetProperty(side).GetString()!).RootElement.GetProperty("balance").GetInt64();
}
