using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Banking.ReadModels.Comparing;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Banking.System.Tests;

/// <summary>
/// The server's disk is full: every command is answered 503, health reports it, and the bank recovers by itself.
/// </summary>
public sealed partial class DiskFullTests(LoggingBank bank) : IClassFixture<LoggingBank>
{
    [Fact]
    public async Task A_full_disk_is_answered_as_unavailable_and_recovers_by_itself()
    {
        var teller = bank.As("teller");
        var account = await teller.OpenAsync(balance: "10.00");
        await ExecuteAsync(
            """
            create function public.no_room() returns trigger language plpgsql as
                $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$;
            create trigger no_room before insert on platform.receipt for each statement execute function public.no_room()
            """);

        var key = ("Idempotency-Key", BankClient.NewKey());
        var first = await teller.DepositAsync(account, "1.00", "EUR", key);
        var more = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => teller.DepositAsync(account, "1.00")));
        var before = bank.Lines.All.Count;
        var full = await bank.Anonymous().GetAsync("/health/ready");
        var still = await bank.Anonymous().GetAsync("/health/ready");
        await ExecuteAsync("drop trigger no_room on platform.receipt");
        var again = await teller.DepositAsync(account, "1.00", "EUR", key);
        var health = await bank.Anonymous().GetAsync("/health/ready");

        Assert.All([first, .. more], a =>
            Assert.Equal((503, "temporarily_unavailable", "false"), (a.StatusCode, a.Code, a.Text("applied"))));
        Assert.Equal((503, "Unhealthy", "Unhealthy"), (full.StatusCode, full.Text("status"), full.Text("checks", "log", "status")));
        Assert.Equal("11.00", again.Created().Text("balance", "value"));
        Assert.Equal(full.Text("checks", "log", "since"), still.Text("checks", "log", "since"));
        Assert.Contains("No space left", full.Text("checks", "log", "why"), StringComparison.Ordinal);
        Assert.Equal(200, health.StatusCode);
        Assert.False(health.Json.GetProperty("checks").GetProperty("log").TryGetProperty("why", out _));
        // Three probes, two changes.
        Assert.Equal(
            ["log is Unhealthy", "log is Healthy"],
            bank.Lines.All.Skip(before).Where(l => l.Text.StartsWith("Health: ", StringComparison.Ordinal))
                .Select(l => l.Text["Health: ".Length..].Split('.')[0]));
    }

    [Theory]
    [InlineData("25006", "cannot execute INSERT in a read-only transaction")]
    [InlineData("58030", "could not fsync file: Input/output error")]
    public async Task A_server_that_takes_no_changes_is_answered_as_unavailable_without_a_stack_trace(string state, string message)
    {
        var teller = bank.As("teller");
        var account = await teller.OpenAsync(balance: "10.00");
        await ExecuteAsync(
            $"""
            create or replace function public.no_changes() returns trigger language plpgsql as
                $$ begin raise exception '{message}' using errcode = '{state}'; end $$;
            create or replace trigger no_changes before insert on platform.receipt
                for each statement execute function public.no_changes()
            """);

        var before = bank.Lines.All.Count;
        var key = ("Idempotency-Key", BankClient.NewKey());
        var refused = await teller.DepositAsync(account, "1.00", "EUR", key);
        var health = await bank.Anonymous().GetAsync("/health/ready");
        await ExecuteAsync("drop trigger no_changes on platform.receipt");
        var again = await teller.DepositAsync(account, "1.00", "EUR", key);

        Assert.Equal((503, "temporarily_unavailable", "false"), (refused.StatusCode, refused.Code, refused.Text("applied")));
        Assert.Contains(message, health.Text("checks", "log", "why"), StringComparison.Ordinal);
        Assert.Equal("11.00", again.Created().Text("balance", "value"));
        Assert.DoesNotContain(bank.Lines.All.Skip(before), l => l.Text.StartsWith("Command ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_full_disk_logs_one_line_a_second_with_the_number_of_commands()
    {
        var teller = bank.As("teller");
        var account = await teller.OpenAsync(balance: "10.00");
        var before = bank.Lines.All.Count;
        await ExecuteAsync(
            """
            create or replace function public.no_room_for_events() returns trigger language plpgsql as
                $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$;
            create trigger no_room_for_events before insert on platform.receipt
                for each statement execute function public.no_room_for_events()
            """);

        var started = Stopwatch.GetTimestamp();
        var commands = 0;
        while (Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(2.5))
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => teller.DepositAsync(account, "1.00")));
            Assert.All(answers, a => Assert.Equal(503, a.StatusCode));
            commands += answers.Length;
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        await ExecuteAsync("drop trigger no_room_for_events on platform.receipt");
        (await teller.DepositAsync(account, "1.00")).Created();

        // The line is written right after the answer.
        await Eventually.UntilAsync(
            () => bank.Lines.All.Skip(before).Any(l => l.Text.StartsWith("Commands are stored again", StringComparison.Ordinal)), b => b);
        var warnings = bank.Lines.All.Skip(before).Where(l => l.Level >= LogLevel.Warning).Select(l => l.Text).ToList();
        Assert.All(warnings, line => Assert.Contains("none of them stored anything", line, StringComparison.Ordinal));
        Assert.InRange(warnings.Count, 2, (int)seconds + 1);
        var recovered = Assert
            .Single(bank.Lines.All.Skip(before), l => l.Text.StartsWith("Commands are stored again", StringComparison.Ordinal))
            .Text;
        Assert.Equal(commands, warnings.Append(recovered).Sum(l => int.Parse(Count().Match(l).Value, CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task A_sequence_behind_the_log_is_unhealthy_fails_commands_and_is_logged_at_start()
    {
        var teller = bank.As("teller");
        var account = await teller.OpenAsync(balance: "10.00");
        for (var i = 0; i < 20; i++)
        {
            (await teller.DepositAsync(account, "1.00")).Created();
        }

        // The twenty deposits use the next positions of the sequence, so retries of the command find no free one.
        var position = long.Parse(await bank.LastAsync(), CultureInfo.InvariantCulture) - 20;
        await ExecuteAsync($"select setval('bank.mt_events_sequence', {position})");
        var behind = await bank.Anonymous().GetAsync("/health/ready");
        var before = bank.Lines.All.Count;
        await using (await bank.StartAnotherAsync())
        {
            var line = Assert.Single(bank.Lines.All.Skip(before), l =>
                l.Text.StartsWith($"The sequence of events is at {position}, the log at", StringComparison.Ordinal));
            Assert.Equal(LogLevel.Error, line.Level);
        }

        var failed = await teller.DepositAsync(account, "1.00");
        await ExecuteAsync("select setval('bank.mt_events_sequence', (select max(seq_id) from bank.mt_events))");
        var corrected = await bank.Anonymous().GetAsync("/health/ready");

        Assert.Equal((503, 503, 200), (behind.StatusCode, failed.StatusCode, corrected.StatusCode));
        Assert.Equal("31.00", (await teller.DepositAsync(account, "1.00")).Created().Text("balance", "value"));
    }

    [Fact]
    public async Task Account_numbers_behind_the_accounts_are_degraded_refuse_openings_and_are_logged_at_start()
    {
        const string Sequence = "accounts.account_number_sequence";
        var teller = bank.As("teller");
        var customer = await teller.RegisterAsync();
        for (var i = 0; i < 101; i++)
        {
            await teller.OpenAsync(customer);
        }

        await ExecuteAsync($"select setval('{Sequence}', (select last_value - 101 from {Sequence}))");
        var behind = await bank.Anonymous().GetAsync("/health/ready");
        var before = bank.Lines.All.Count;
        await using (await bank.StartAnotherAsync())
        {
            var line = Assert.Single(bank.Lines.All.Skip(before), l =>
                l.Text.StartsWith("The sequence of account numbers is at ", StringComparison.Ordinal));
            Assert.Equal(LogLevel.Error, line.Level);
        }

        var key = ("Idempotency-Key", BankClient.NewKey());
        var refused = await teller.PostAsync("/v1/accounts", new { customerId = customer, currency = "EUR" }, key);
        await ExecuteAsync($"select setval('{Sequence}', (select max(substr(id, 9)::bigint) from accounts.mt_doc_account_number))");
        var corrected = await bank.Anonymous().GetAsync("/health/ready");

        Assert.Equal((200, "Degraded"), (behind.StatusCode, behind.Text("checks", "account-numbers", "status")));
        Assert.Contains("setval", behind.Text("checks", "account-numbers", "why"), StringComparison.Ordinal);
        Assert.Equal((503, "account_numbers_used", "false"), (refused.StatusCode, refused.Code, refused.Text("applied")));
        Assert.Equal("Healthy", corrected.Text("checks", "account-numbers", "status"));
        (await teller.PostAsync("/v1/accounts", new { customerId = customer, currency = "EUR" }, key)).Created();
    }

    [Fact]
    public async Task A_stream_that_ends_in_the_future_is_reported()
    {
        await bank.As("teller").OpenAsync(balance: "10.00");
        await using var forge = bank.Owner.CreateCommand(
            "update bank.mt_streams set timestamp = $1 "
                + "where id = (select stream_id from bank.mt_events where type like 'accounts.%' limit 1) returning id");
        forge.Parameters.Add(new() { Value = bank.Clock.Now.AddDays(400) });
        var stream = (Guid)(await forge.ExecuteScalarAsync())!;

        var found = Assert.Single(await FutureStreams.FindAsync(bank.Database, bank.Clock.Now, TestContext.Current.CancellationToken));
        Assert.Equal(stream, found.Stream);
        await ExecuteAsync($"update bank.mt_streams set timestamp = '20000-01-01' where id = '{stream}'");
        found = Assert.Single(await FutureStreams.FindAsync(bank.Database, bank.Clock.Now, TestContext.Current.CancellationToken));
        Assert.StartsWith("recorded at 20000-01-01", found.Found, StringComparison.Ordinal);

        // A new host reports it in health and still serves.
        await using var other = await bank.StartAnotherAsync();
        var report = await other.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HealthStatus.Degraded, report.Entries["log"].Status);
        Assert.Contains($"The first is {stream}", report.Entries["log"].Description, StringComparison.Ordinal);
        Assert.Equal(200, (await BankFixture.On(other, "teller").GetAsync("/health/ready")).StatusCode);
        await ExecuteAsync(
            "update bank.mt_streams set timestamp = (select max(timestamp) from bank.mt_events) "
                + "where timestamp > (select max(timestamp) from bank.mt_events)");
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Count();

    private async Task ExecuteAsync(string sql)
    {
        await using var command = bank.Owner.CreateCommand(sql);
        await Deadlocks.RetryAsync(() => command.ExecuteNonQueryAsync());
    }
}

/// <summary>A bank that keeps its log lines.</summary>
public sealed class LoggingBank : BankFixture
{
    public LogLines Lines { get; } = new();

    protected override void Configure(IServiceCollection services) => services.AddSingleton<ILoggerProvider>(Lines);
}
