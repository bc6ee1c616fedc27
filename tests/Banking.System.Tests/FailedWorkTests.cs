using System.Text.Json;
using Banking.Accounts.Contracts;
using Banking.Commands;
using Banking.Commands.Messages;
using Banking.EventStore.Storage;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Wolverine.Tracking;

namespace Banking.System.Tests;

/// <summary>A bank with a due command that always fails.</summary>
public sealed class FailingWorkBank : BankFixture
{
    internal const string Operation = "test.failing.v1";

    protected override void Configure(IServiceCollection services) =>
        services.AddDueCommand<object>(Operation, (_, _, _, _) => throw new InvalidOperationException("It always fails."));
}

/// <summary>Work of the bank that fails for good makes health degraded, and its end makes it healthy again.</summary>
public sealed class FailedWorkTests(FailingWorkBank bank) : IClassFixture<FailingWorkBank>
{
    [Fact]
    public async Task A_due_command_that_fails_a_fourth_time_is_reported()
    {
        Assert.Equal("Healthy", await StatusAsync());
        // Three attempts take two minutes.
        await ExecuteAsync(
            "insert into platform.due (id, operation, due_at, command, correlation_id, attempts) "
                + $"values (gen_random_uuid(), '{FailingWorkBank.Operation}', '2026-01-01', '{{}}', 'test', 3)");

        await Eventually.UntilAsync(StatusAsync, status => status == "Degraded");
        Assert.Equal("due commands that fail again and again: 1 (platform.due)", (await CheckAsync()).Text("why"));
        Assert.Equal(1, await bank.CountAsync("platform.due where attempts > 3"));

        await ExecuteAsync("delete from platform.due");
        Assert.Equal("Healthy", await StatusAsync());
    }

    [Fact]
    public async Task Of_many_only_a_thousand_are_counted_and_the_probe_says_that_there_may_be_more()
    {
        // Dead letters that nothing decides again: due commands would be tried, and change during the test.
        await bank.Host.TrackActivity().Timeout(TimeSpan.FromSeconds(30)).DoNotAssertOnExceptionsDetected().PublishMessageAndWaitAsync(
            new DepositMoney(BankClient.NewKey(), "acc_0198f000000070008000000000000001", new(100, Currency.Parse("EUR")), Reason: "test"));
        await ExecuteAsync(
            "insert into wolverine.wolverine_dead_letters select (jsonb_populate_record(d, jsonb_build_object('id', gen_random_uuid()))).* "
                + "from wolverine.wolverine_dead_letters d, generate_series(1, 1500)");

        Assert.Equal(
            "messages of the bank that are dead letters: 1,000 or more (wolverine.wolverine_dead_letters)",
            (await CheckAsync()).Text("why"));
        var counted = await bank.Host.Services.GetRequiredService<FailedWork>().CountAsync(CancellationToken.None);
        Assert.Equal(new FailedWorkCount(DueCommands: 0, Messages: 1_000), counted);

        await ExecuteAsync("delete from wolverine.wolverine_dead_letters");
        Assert.Equal("Healthy", await StatusAsync());
    }

    [Fact]
    public async Task A_dead_letter_of_the_bank_is_reported_and_one_of_a_service_outside_is_not()
    {
        await bank.Host.TrackActivity().Timeout(TimeSpan.FromSeconds(30)).DoNotAssertOnExceptionsDetected().PublishMessageAndWaitAsync(
            new DepositMoney(BankClient.NewKey(), "acc_0198f000000070008000000000000001", new(100, Currency.Parse("EUR")), Reason: "test"));

        Assert.Equal(
            ("Degraded", "messages of the bank that are dead letters: 1 (wolverine.wolverine_dead_letters)"),
            (await StatusAsync(), (await CheckAsync()).Text("why")));

        await ExecuteAsync("update wolverine.wolverine_dead_letters set message_type = 'incoming.message.v1'");
        Assert.Equal("Healthy", await StatusAsync());
    }

    [Fact]
    public async Task The_probe_reads_an_index_without_the_dead_letters_of_services_outside()
    {
        var work = bank.Host.Services.GetRequiredService<FailedWork>();
        await using var connection = await bank.Owner.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        // In an empty table PostgreSQL prefers no index.
        await connection.ExecuteAsync("set local enable_seqscan = off", [], TestContext.Current.CancellationToken);

        var plan = await connection.ListAsync(
            "explain " + work.Sql, [DateTimeOffset.UnixEpoch, FailedWorkCount.Max], row => row.GetString(0),
            TestContext.Current.CancellationToken);

        Assert.Contains(plan, line => line.Contains(FailedWork.IndexName, StringComparison.Ordinal));
        var predicate = await connection.ScalarAsync<string>(
            "select pg_get_expr(indpred, indrelid) from pg_index where indexrelid = $1::regclass",
            ["wolverine." + FailedWork.IndexName],
            TestContext.Current.CancellationToken);
        Assert.Contains("'incoming.message.v1'", predicate, StringComparison.Ordinal);
    }

    private async Task<string?> StatusAsync() => (await CheckAsync()).Text("status");

    private async Task<JsonElement> CheckAsync() =>
        (await bank.Anonymous().GetAsync("/health/ready")).Ok().Json.GetProperty("checks").GetProperty("work");

    private async Task ExecuteAsync(string sql)
    {
        await using var command = bank.Owner.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
