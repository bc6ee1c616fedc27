using System.Text.Json;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Callers;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Wolverine.Runtime;

namespace Banking.Accounts.Tests;

/// <summary>
/// Messages of a decision are stored in the transaction of its events, or not at all. The messages here are deposits: the balance counts
/// their effect.
/// </summary>
public sealed class DecidedMessageTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private const string Inbox = "wolverine.wolverine_incoming_envelopes";

    private static readonly Currency Euro = Currency.Parse("EUR");

    private readonly BankClient _teller = bank.As("teller");
    private readonly CommandGroup<Account> _group = bank.Host.Services.GetRequiredService<CommandGroup<Account>>();

    [Fact]
    public async Task A_message_of_an_accepted_decision_arrives_with_the_correlation_and_the_causing_event()
    {
        var (account, other) = (await _teller.OpenAsync(), await _teller.OpenAsync());
        var cause = Guid.CreateVersion7();

        var reply = await SubmitAsync(Sending(account, cause, Deposit(other)));

        Assert.True(reply.Status == 200, reply.Body);
        await UntilAsync(other, "1.00");
        var e = (await _teller.GetAsync($"/v1/accounts/{other}/events")).Ok().Items()[^1];
        Assert.Equal(
            ("teller-7", "bus", "the correlation", cause.ToString()),
            (Text(e, "actor"), Text(e, "channel"), Text(e, "correlationId"), Text(e, "causationId")));
    }

    [Fact]
    public async Task All_messages_of_a_group_are_stored_with_one_statement_and_groups_without_messages_run_none()
    {
        var target = await _teller.OpenAsync();
        await CountStatementsAsync(target);
        var accounts = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => _teller.OpenAsync()));
        Assert.Empty(await CountedAsync());

        await _group.SubmitTogetherAsync(
            [.. accounts.Select(a => Sending(a, Guid.CreateVersion7(), Deposit(target), Deposit(target)))], CancellationToken.None);

        await UntilAsync(target, "10.00");
        Assert.Single(await CountedAsync());
    }

    [Fact]
    public async Task A_refused_and_a_rejected_decision_send_nothing()
    {
        var (account, other) = (await _teller.OpenAsync(), await _teller.OpenAsync());

        var refused = await SubmitAsync(Answering(account, new Decision.Refused(Refusal.RuleBroken("no", "No."))));
        var rejected = await SubmitAsync(Answering(account, new Decision.Rejected(Refusal.NotFound("none", "No."))));

        Assert.Equal((422, 404), (refused.Status, rejected.Status));
        Assert.Equal(0, await RowsAsync(other));
    }

    [Theory]
    [InlineData(true, 2, "2.00")]
    [InlineData(false, 0, "0.00")]
    public async Task An_atomic_batch_sends_all_or_none(bool accepted, int rows, string balance)
    {
        var (first, second, target) = (await _teller.OpenAsync(), await _teller.OpenAsync(), await _teller.OpenAsync());

        var outcomes = await _group.SubmitTogetherAsync(
            [
                Sending(first, Guid.CreateVersion7(), Deposit(target)),
                accepted
                    ? Sending(second, Guid.CreateVersion7(), Deposit(target))
                    : Answering(second, new Decision.Refused(Refusal.RuleBroken("no", "No."))),
            ],
            CancellationToken.None);

        Assert.All(outcomes, o => Assert.Equal(accepted, o is Outcome.Accepted));
        Assert.Equal(rows, await RowsAsync(target));
        await UntilAsync(target, balance);
    }

    [Theory]
    [InlineData("23514", 500)]
    [InlineData("P0001", 503)]
    public async Task A_group_that_fails_at_commit_sends_nothing(string code, int status)
    {
        var (account, target) = (await _teller.OpenAsync(), await _teller.OpenAsync());
        await FailAtCommitAsync(target, code);

        var reply = await SubmitAsync(Sending(account, Guid.CreateVersion7(), Deposit(target)));

        Assert.True(reply.Status == status, reply.Body);
        Assert.Equal(0, await RowsAsync(target));
        await ExecuteAsync($"drop trigger fail_at_commit on {Inbox}");
        await _group.SubmitAsync(Sending(target, Guid.CreateVersion7(), Deposit(target)), CancellationToken.None);
        await UntilAsync(target, "1.00");
    }

    [Fact]
    public async Task A_repeated_command_sends_its_messages_once()
    {
        var (account, target) = (await _teller.OpenAsync(), await _teller.OpenAsync());
        var command = Sending(account, Guid.CreateVersion7(), Deposit(target));

        var first = await SubmitAsync(command);
        var second = await SubmitAsync(command);

        Assert.Equal((false, true), (first.Replayed, second.Replayed));
        Assert.Equal(1, await RowsAsync(target));
    }

    [Fact]
    public async Task A_message_without_a_handler_fails_its_command()
    {
        var account = await _teller.OpenAsync();

        var reply = await SubmitAsync(Sending(account, Guid.CreateVersion7(), new Unhandled()));

        Assert.Equal((500, false), (reply.Status, reply.Applied));
        Assert.Single((await _teller.GetAsync($"/v1/accounts/{account}/events")).Ok().Items());
    }

    [Fact]
    public async Task A_message_that_cannot_be_handed_over_is_released_to_all_nodes_and_arrives()
    {
        var (account, target) = (await _teller.OpenAsync(), await _teller.OpenAsync());
        var runtime = bank.Host.Services.GetRequiredService<IWolverineRuntime>();
        var destination = Assert.Single(new MessageBus(runtime).PreviewSubscriptions(Deposit(target))).Destination!;
        await runtime.Endpoints.FindListenerCircuit(destination)!.PauseAsync(TimeSpan.FromSeconds(3));

        await _group.SubmitAsync(Sending(account, Guid.CreateVersion7(), Deposit(target)), CancellationToken.None);

        await Eventually.UntilAsync(
            () =>
                ScalarAsync<long>(
                    $"select count(*) from {Inbox} where owner_id = 0 and position(convert_to($1, 'UTF8') in body) > 0", target),
            rows => rows == 1);
        await UntilAsync(target, "1.00");
    }

    private async Task<CommandReply> SubmitAsync(Submission<Account> submission) =>
        CommandReply.Of(await _group.SubmitAsync(submission, CancellationToken.None));

    private static Submission<Account> Sending(string account, Guid eventId, params IReadOnlyList<object> messages) =>
        Answering(
            account,
            new Decision.Accepted(
                new NewEvent(Stored.Id(account), eventId, new AccountFrozen(FreezeScope.Debit, new(2026, 11, 17, 15, 0, 0, TimeSpan.Zero))))
            {
                Messages = messages,
            });

    private static Submission<Account> Answering(string account, Decision decision) =>
        new(
            new(new("teller-7", Roles.Teller, null, Channels.Http), "send", BankClient.NewKey(), "00", "the correlation", null),
            [Stored.Id(account)],
            _ => null,
            (_, _) => decision,
            (_, _, _) => CommandAnswer.Changed(new { }, Stored.Id(account)));

    private static DepositMoney Deposit(string account) => new(BankClient.NewKey(), account, new(100, Euro), Reason: "sent");

    private static string? Text(JsonElement item, string member) => item.GetProperty(member).GetString();

    private Task<string> UntilAsync(string account, string balance) =>
        Eventually.UntilAsync(() => _teller.BalanceAsync(account), found => found == balance);

    /// <summary>The number of stored messages that deposit to an account, including handled ones, which are kept for a day.</summary>
    private Task<long> RowsAsync(string account) =>
        ScalarAsync<long>($"select count(*) from {Inbox} where position(convert_to($1, 'UTF8') in body) > 0", account);

    /// <summary>
    /// Notes the statements that store messages to the account or none at all; not those of other tests, nor the one with which Wolverine
    /// looks from time to time for dead letters to replay.
    /// </summary>
    private Task CountStatementsAsync(string account) =>
        ExecuteAsync(
            $"""
            create table platform.statement_count (statement text);
            grant all on platform.statement_count to public;
            create function platform.count_statement() returns trigger language plpgsql as
                $$ begin
                    insert into platform.statement_count
                    select current_query() || ' of ' || coalesce((select string_agg(message_type, ', ') from added), 'nothing')
                    where not exists (select from added) and current_query() not like '%wolverine_dead_letters%'
                        or exists (select from added where position(convert_to('{account}', 'UTF8') in body) > 0);
                    return null;
                end $$;
            create trigger counted after insert on {Inbox} referencing new table as added
                for each statement execute function platform.count_statement();
            """
        );

    private Task<List<string>> CountedAsync() => bank.QueryAsync<string>("select statement from platform.statement_count");

    /// <summary>Makes COMMIT fail for transactions with a message that names the account.</summary>
    private Task FailAtCommitAsync(string account, string code) =>
        ExecuteAsync(
            $"""
            create or replace function platform.fail_at_commit() returns trigger language plpgsql as
                $$ begin raise exception 'planted' using errcode = '{code}'; end $$;
            create constraint trigger fail_at_commit after insert on {Inbox} deferrable initially deferred for each row
                when (position(convert_to('{account}', 'UTF8') in new.body) > 0) execute function platform.fail_at_commit();
            """
        );

    private async Task ExecuteAsync(string sql)
    {
        await using var command = bank.Owner.CreateCommand(sql);
        await Deadlocks.RetryAsync(() => command.ExecuteNonQueryAsync());
    }

    private async Task<T> ScalarAsync<T>(string sql, params object[] values)
    {
        await using var command = bank.Owner.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        return (T)(await command.ExecuteScalarAsync())!;
    }

    private sealed record Unhandled;
}
