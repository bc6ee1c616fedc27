using System.Text.Json;
using Banking.Accounts.Contracts;
using Banking.Accounts.Features;
using Banking.Commands.Groups;
using Banking.EventStore.Log;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Accounts.Tests;

/// <summary>The log of two accounts with 100.00 each. The deposit on the first cannot be read, and the host has stopped.</summary>
public sealed class LogWithUnreadableDeposit : IAsyncLifetime
{
    public string Database { get; private set; } = "";

    public string Account { get; private set; } = "";

    public string Other { get; private set; } = "";

    /// <summary>The position of the deposit.</summary>
    public long Position { get; private set; }

    public async ValueTask InitializeAsync()
    {
        var bank = new BankFixture();
        await bank.InitializeAsync();
        var teller = bank.As("teller");
        (Account, Other) = (await teller.OpenAsync(balance: "100.00"), await teller.OpenAsync(balance: "100.00"));
        Position = (
            await bank.QueryAsync<long>("select seq_id from bank.mt_events where stream_id = $1 and version = 2", Stored.Id(Account)))[0];
        await bank.ExecuteAsync("update bank.mt_events set data = data - 'bankSide' where seq_id = $1", Position);
        Database = await bank.LeaveDatabaseAsync();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>
/// A command that must fold an unreadable event is answered with that event's id, over HTTP and the bus, and is not decided. A stored state
/// makes the fold unnecessary. The other commands of the group are not affected.
/// </summary>
public sealed class UnreadableCommandTests(LogWithUnreadableDeposit log) : IClassFixture<LogWithUnreadableDeposit>, IAsyncLifetime
{
    private readonly BankFixture _bank = new() { Template = log.Database };
    private readonly string _account = log.Account;
    private readonly string _other = log.Other;

    private EventReader Events => _bank.Host.Services.GetRequiredService<EventReader>();

    private BankClient _teller = null!;
    private long _position = log.Position;

    public async ValueTask InitializeAsync()
    {
        // Later than the events in the log.
        _bank.Clock.Advance(TimeSpan.FromHours(1));
        await _bank.InitializeAsync();
        _teller = _bank.As("teller");
    }

    public ValueTask DisposeAsync() => _bank.DisposeAsync();

    [Fact]
    public async Task With_a_stored_state_commands_are_decided() =>
        Assert.Equal("90.00", (await MoveAsync("withdrawals", _account, "10.00")).Created().Text("balance", "value"));

    [Theory]
    [InlineData("delete from accounts.mt_doc_account where id = $1")]
    [InlineData("update accounts.mt_doc_account set data = data - 'balance' where id = $1")]
    [InlineData("update accounts.mt_doc_account set data = jsonb_set(data, '{version}', '1') where id = $1")]
    public async Task Without_a_stored_state_the_command_is_not_decided_and_the_others_of_the_group_are(string loss)
    {
        await _bank.ExecuteAsync(loss, Stored.Id(_account));
        const string key = "unreadable";

        var others = Enumerable.Range(0, 30).Select(i => MoveAsync("deposits", _other, "1.00")).ToList();
        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(i => MoveAsync("deposits", _account, "1.00", key + i)));

        Assert.All(answers, AssertUnreadable);
        Assert.All(await Task.WhenAll(others), a => a.Created());
        var amount = Euro("1.00");
        AssertUnreadable(await PostAsync(
            "transfers", new { fromAccountId = _account, toAccountId = _other, amount, reason = "Test" }));
        AssertUnreadable(await PostAsync(
            "transfers", new { fromAccountId = _other, toAccountId = _account, amount, reason = "Test" }));
        AssertUnreadable(await _teller.PostAsync(
            $"/v1/accounts/{_account}/freeze", new { scope = "debit", reasonCode = "order", reason = "Order" }));
        Assert.Equal("130.00", await _teller.BalanceAsync(_other));

        // After the event is repaired the same keys are free: nothing was stored for them.
        await _bank.ExecuteAsync("update bank.mt_events set data = data || '{\"bankSide\": \"cash\"}' where seq_id = $1", _position);
        Assert.Equal("101.00", (await MoveAsync("deposits", _account, "1.00", key + "0")).Created().Text("balance", "value"));
    }

    [Fact]
    public async Task In_an_independent_batch_only_its_item_fails_and_in_an_atomic_one_the_whole_batch()
    {
        await _bank.ExecuteAsync("delete from accounts.mt_doc_account where id = $1", Stored.Id(_account));
        object Items(string key) => new[] { Item(_other, key + 1), Item(_account, key + 2), Item(_other, key + 3) };

        var each = (await PostAsync("deposits/batch", new { mode = "independent", items = Items("each") })).Ok();
        var results = each.Json.GetProperty("results").EnumerateArray().ToList();
        Assert.Equal([201, 503, 201], results.Select(r => r.GetProperty("status").GetInt32()));
        Assert.Equal(_position, results[1].GetProperty("body").GetProperty("position").GetInt64());

        var together = await PostAsync("deposits/batch", new { mode = "atomic", items = Items("together") });
        AssertUnreadable(together);
        Assert.Equal("102.00", await _teller.BalanceAsync(_other));
    }

    [Fact]
    public async Task The_sum_of_imported_balances_fails_on_an_unreadable_event()
    {
        await _bank.ExecuteAsync("delete from accounts.mt_doc_account where id = $1", Stored.Id(_account));
        var (euro, opened) = (Currency.Parse("EUR"), _bank.Clock.Now);
        AccountHistory History(string account) =>
            new(
                Stored.Id(account),
                AccountNumber.Create("XB", "BANK000000000001"),
                "1",
                Guid.Empty,
                [],
                euro,
                "current",
                opened,
                new("test", "file", 1, "1"),
                []);

        var failure = await Assert.ThrowsAsync<UnreadableEventException>(() =>
            ImportedBalances.SumAsync(Events, _bank.Database, [History(_account), History(_other)], euro, CancellationToken.None));

        Assert.Equal(_position, failure.Position);
        Assert.Equal(
            "100.00",
            (
                await ImportedBalances.SumAsync(Events, _bank.Database, [History(_other)], euro, CancellationToken.None)
            ).ToDecimalString());
    }

    [Fact]
    public async Task A_backdated_command_is_not_decided_if_the_stream_has_an_event_that_is_not_of_an_account()
    {
        var now = _bank.Clock.Now;
        var account = await _teller.OpenAsync(balance: "100.00", effectiveAt: now.AddDays(-2));
        _position = (
            await _bank.QueryAsync<long>("select max(seq_id) from bank.mt_events where stream_id = $1", Stored.Id(account)))[0];
        await _bank.ExecuteAsync(
            """
            update bank.mt_events set (type, mt_dotnet_type, data) = (
                select type, mt_dotnet_type, data from bank.mt_events where type = 'customers.customer-registered.v1' limit 1)
            where seq_id = $1
            """,
            _position);

        var body = new { accountId = account, amount = Euro("1.00"), effectiveAt = now.AddDays(-1), reason = "Test" };
        AssertUnreadable(await PostAsync("withdrawals", body));
        (await MoveAsync("withdrawals", account, "1.00")).Created();
    }

    [Fact]
    public async Task On_the_bus_the_message_is_postponed_with_the_code()
    {
        await _bank.ExecuteAsync("delete from accounts.mt_doc_account where id = $1", Stored.Id(_account));

        var postponed = await Assert.ThrowsAsync<CommandPostponedException>(
            () => new BusCommands(_bank.Host.Services).DepositAsync(_account, 1_00));

        Assert.Equal("event_unreadable", postponed.Code);
    }

    [Theory]
    [InlineData("jsonb_set(data, '{amount,currency}', '\"JPY\"')")]
    [InlineData("jsonb_set(data, '{amount,minor}', '9223372036854775807')")]
    public async Task An_event_with_an_impossible_amount_is_unreadable(string data)
    {
        await _bank.ExecuteAsync("update bank.mt_events set data = data || '{\"bankSide\": \"cash\"}' where seq_id = $1", _position);
        (await MoveAsync("deposits", _account, "1.00")).Created();
        await _bank.ExecuteAsync($"update bank.mt_events set data = {data} where seq_id = (select max(seq_id) from bank.mt_events)");
        _position = (await _bank.QueryAsync<long>("select max(seq_id) from bank.mt_events"))[0];
        await _bank.ExecuteAsync("delete from accounts.mt_doc_account where id = $1", Stored.Id(_account));
        await using var fresh = await _bank.StartAnotherAsync();

        AssertUnreadable(
            await BankFixture
                .On(fresh, "teller")
                .PostAsync(
                    "/v1/deposits",
                    new
                    {
                        accountId = _account,
                        amount = Euro("1.00"),
                        reason = "Test",
                    }));
    }

    private void AssertUnreadable(Answer answer)
    {
        Assert.True(answer.StatusCode == 503, $"{answer.StatusCode} {answer.Body}");
        var id = _bank.QueryAsync<Guid>("select id from bank.mt_events where seq_id = $1", _position).GetAwaiter().GetResult()[0];
        Assert.Equal(("event_unreadable", $"evt_{id:N}", $"{_position}"), (answer.Code, answer.Text("eventId"), answer.Text("position")));
    }

    private Task<Answer> MoveAsync(string what, string account, string value, string? key = null) =>
        PostAsync(what, new { accountId = account, amount = Euro(value), reason = "Test" }, key);

    private Task<Answer> PostAsync(string what, object body, string? key = null) =>
        _teller.PostTextAsync(
            $"/v1/{what}", JsonSerializer.Serialize(body, JsonSerializerOptions.Web), ("Idempotency-Key", key ?? BankClient.NewKey()));

    private static object Item(string account, string key) =>
        new
        {
            idempotencyKey = key,
            command = new
            {
                accountId = account,
                amount = Euro("1.00"),
                reason = "Test",
            },
        };

    private static object Euro(string value) => new { value, currency = "EUR" };
}
