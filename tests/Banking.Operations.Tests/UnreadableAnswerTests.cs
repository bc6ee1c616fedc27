using System.Globalization;
using Banking.EventStore.Log;
using Banking.Publishing.Log;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>
/// The log of a bank with two accounts and two deposits on one of them. Its read models are current, and its host has stopped.
/// </summary>
public sealed class LogOfDeposits : IAsyncLifetime
{
    public string Database { get; private set; } = "";

    public string Account { get; private set; } = "";

    public string Other { get; private set; } = "";

    /// <summary>The first deposit on the account.</summary>
    public string Deposit { get; private set; } = "";

    /// <summary>The position of the first deposit.</summary>
    public long Position { get; private set; }

    public async ValueTask InitializeAsync()
    {
        var bank = new ProbedBank();
        await bank.InitializeAsync();
        var teller = bank.As("teller");
        Other = await teller.OpenAsync(balance: "7.00");
        Account = await teller.OpenAsync();
        var answer = (await DepositAsync(teller, "5.00")).Created();
        Deposit = answer.Text("id");
        Position = long.Parse(answer.Header("Ledger-Position")!, CultureInfo.InvariantCulture);
        (await DepositAsync(teller, "6.00")).Created();
        await bank.CaughtUpAsync();
        await bank.DocumentsCurrentAsync();
        Database = await bank.LeaveDatabaseAsync();
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public Task<Answer> DepositAsync(BankClient teller, string value) =>
        teller.PostAsync(
            "/v1/deposits",
            new
            {
                accountId = Account,
                amount = new { value, currency = "EUR" },
                reason = "Savings",
            });
}

/// <summary>
/// An event that became unreadable. Answers that need it name it; all others work, also on the same account. The tests use a host that has
/// not read the event before.
/// </summary>
public sealed class UnreadableAnswerTests(LogOfDeposits deposits) : IClassFixture<LogOfDeposits>, IAsyncLifetime
{
    private readonly ProbedBank _bank = new() { Template = deposits.Database };
    private readonly string _account = deposits.Account;
    private readonly string _other = deposits.Other;
    private readonly string _deposit = deposits.Deposit;
    private readonly string _eventId = "evt_" + deposits.Deposit[4..];
    private readonly long _position = deposits.Position;

    public async ValueTask InitializeAsync()
    {
        // Later than the events in the log.
        _bank.Clock.Advance(TimeSpan.FromHours(1));
        await _bank.InitializeAsync();
    }

    public ValueTask DisposeAsync() => _bank.DisposeAsync();

    [Theory]
    [InlineData("changes")]
    [InlineData("changes?axis=effective")]
    [InlineData("balance/explain/movements")]
    public async Task An_event_that_has_the_shape_of_its_type_but_cannot_be_true_is_named_too(string path)
    {
        await _bank.ExecuteAsync(
            "update bank.mt_events set data = jsonb_set(data, '{amount,currency}', '\"USD\"') where seq_id = $1", _position);

        AssertUnreadable(await _bank.As("teller").GetAsync($"/v1/accounts/{_account}/{path}"), path);
    }

    [Theory]
    [InlineData("data = data - 'amount'")]
    [InlineData("data = data - 'bankSide'")]
    [InlineData("data = data || '{\"bankSide\": null}'")]
    [InlineData("data = data || '{\"bankSide\": 1}'")]
    [InlineData("data = jsonb_set(data, '{amount,minor}', '\"500\"')")]
    [InlineData("data = data #- '{amount,currency}'")]
    [InlineData("data = (data - 'amount') || jsonb_build_object('betrag', data -> 'amount')")]
    [InlineData("data = '[]'")]
    [InlineData("type = 'accounts.of-a-later-version.v1'")]
    [InlineData("timestamp = '20000-01-01'")]
    public async Task Answers_that_need_the_event_name_it_and_all_others_work(string change)
    {
        await _bank.ExecuteAsync($"update bank.mt_events set {change} where seq_id = $1", _position);
        var (teller, auditor) = (_bank.As("teller"), _bank.As("auditor"));

        foreach (
            var path in (string[])
                [
                    $"/v1/accounts/{_account}/entries",
                    $"/v1/accounts/{_account}/events",
                    $"/v1/accounts/{_account}/balance?version=2",
                    $"/v1/deposits/{_deposit}",
                    "/v1/entries",
                ])
        {
            AssertUnreadable(await teller.GetAsync(path), path);
        }

        var replay = new { schema = "scratch_unreadable", reasonCode = "look", reason = "A look" };
        AssertUnreadable(await _bank.As("operator").PostAsync("/ops/projections/ledger/replay", replay), "replay");
        AssertUnreadable(await auditor.GetAsync($"/v1/feed?after={_position - 1}"), "feed");
        AssertUnreadable(await auditor.GetAsync($"/v1/feed?after={_position - 1}", ("Accept", "text/event-stream")), "streamed feed");
        Assert.NotEmpty((await auditor.GetAsync("/v1/feed")).Ok().Items());
        foreach (
            var path in (string[])
                [
                    $"/v1/accounts/{_account}",
                    "/v1/accounts",
                    $"/v1/accounts/{_account}/balance",
                    $"/v1/accounts/{_account}/balance?version=3",
                    $"/v1/accounts/{_account}/balance?effectiveAt=2030-01-01T00:00:00Z",
                    $"/v1/accounts/{_account}/figures",
                    $"/v1/accounts/{_account}/refusals",
                    $"/v1/accounts/{_other}/entries",
                    $"/v1/accounts/{_other}/events",
                    $"/v1/accounts/{_other}/balance?version=2",
                    "/v1/customers",
                ])
        {
            (await teller.GetAsync(path)).Ok();
        }

        string[] books = ["/v1/ledger/trial-balance", "/v1/ledger/balance-sheet", $"/audit/events?account={_account}", "/audit/events"];
        Assert.All(await Task.WhenAll(books.Select(path => auditor.GetAsync(path))), answer => answer.Ok());

        Assert.Equal("11.00", await teller.BalanceAsync(_account));
        Assert.Equal("12.00", (await deposits.DepositAsync(teller, "1.00")).Created().Text("balance", "value"));
    }

    [Theory]
    [InlineData("headers = headers - 'channel'", "channel")]
    [InlineData("headers = jsonb_set(headers, '{channel}', '7')", "channel")]
    [InlineData("headers = headers - 'role'", "role")]
    [InlineData("headers = headers || '{\"operation\": [1]}'", "operation")]
    [InlineData("headers = headers - 'idempotencyKey'", "idempotencyKey")]
    [InlineData("user_name = null", "actor")]
    [InlineData("correlation_id = null", "correlation")]
    [InlineData("headers = '7'", "headers")]
    public async Task Unreadable_metadata_is_not_guessed(string change, string member)
    {
        await _bank.ExecuteAsync($"update bank.mt_events set {change} where seq_id = $1", _position);
        var (teller, auditor) = (_bank.As("teller"), _bank.As("auditor"));

        // The feed ends at the high-water mark, which a new host has yet to find.
        await _bank.Host.Services.GetRequiredService<HighWaterMark>().LookAsync(CancellationToken.None);

        AssertUnreadable(await teller.GetAsync($"/v1/accounts/{_account}/events"), "events");
        (await teller.GetAsync($"/v1/accounts/{_other}/events")).Ok();
        (await auditor.GetAsync($"/audit/events?account={_account}")).Ok();
        if (member == "channel" || member == "headers")
        {
            // Without the channel it is unknown whether the event was imported.
            AssertUnreadable(await auditor.GetAsync($"/v1/feed?after={_position - 1}"), "feed");
            var before = (await auditor.GetAsync($"/v1/feed?after={_position - 2}")).Ok();
            Assert.All(before.Items(), e =>
                Assert.True(long.Parse(e.GetProperty("globalposition").GetString()!, CultureInfo.InvariantCulture) < _position));
        }
    }

    [Fact]
    public async Task Each_reader_of_the_log_names_event_position_type_and_member()
    {
        await _bank.ExecuteAsync("update bank.mt_events set data = data - 'bankSide' where seq_id = $1", _position);
        var (log, cache) = (_bank.Host.Services.GetRequiredService<LogReader>(), _bank.Host.Services.GetRequiredService<EventCache>());
        var events = _bank.Host.Services.GetRequiredService<EventReader>();
        var published = _bank.Host.Services.GetRequiredService<PublicLog>();
        var (stream, ct) = (Id(_account), CancellationToken.None);
        await _bank.Host.Services.GetRequiredService<HighWaterMark>().LookAsync(ct);
        await using var connection = await _bank.Owner.OpenConnectionAsync(ct);
        foreach (var read in (Func<Task>[])
            [
                () => log.ReadAsync(_position - 1, _position + 1, ct),
                () => log.ReadStreamsAsync(connection, [stream], long.MaxValue, ct),
                async () => await log.ReadStreamAsync(stream, long.MaxValue, ct).ToListAsync(ct),
                () => cache.ReadAsync(_position - 1, _position + 1, ct),
                () => events.StreamAsync(stream, 0, 0, ct),
                () => events.FindAsync(Guid.ParseExact(_eventId[4..], "N"), ct),
                () => events.AtAsync([_position], ct),
                () => published.TakeAsync(_position - 1, 10, ct),
                () => published.FindAsync(Guid.ParseExact(_eventId[4..], "N"), ct),
            ])
        {
            var failure = await Assert.ThrowsAsync<UnreadableEventException>(read);
            Assert.Equal((_position, _eventId), (failure.Position, failure.EventId));
            Assert.StartsWith(
                $"Event {_eventId} (accounts.money-deposited.v3) at position {_position} cannot be read: ",
                failure.Message,
                StringComparison.Ordinal);
            Assert.Contains("'bankSide'", failure.Message, StringComparison.Ordinal);
        }

        var ofAccount = (await published.OfAccountAsync(stream, 0, long.MaxValue, 10, ct)).Events;
        Assert.Equal([_position], ofAccount.Where(e => e.Unreadable is not null).Select(e => e.Position));
        await using var session = _bank.Store.QuerySession();
        Assert.NotNull(await Record.ExceptionAsync(() => session.Events.FetchStreamAsync(stream)));
        Assert.NotNull(await Record.ExceptionAsync(() => session.Events.AggregateStreamAsync<Accounts.Domain.Account>(stream)));
    }

    [Fact]
    public async Task A_missing_event_in_a_stream_is_not_skipped()
    {
        await _bank.ExecuteAsync("delete from bank.mt_events where seq_id = $1", _position);
        var teller = _bank.As("teller");

        var events = await teller.GetAsync($"/v1/accounts/{_account}/events");

        Assert.Equal((503, "event_unreadable", $"{_position + 1}"), (events.StatusCode, events.Code, events.Text("position")));
        Assert.Equal("11.00", await teller.BalanceAsync(_account));
    }

    private void AssertUnreadable(Answer answer, string path)
    {
        Assert.True(answer.StatusCode == 503, $"{path}: {answer.StatusCode} {answer.Body}");
        Assert.Equal(("event_unreadable", _eventId, $"{_position}"), (answer.Code, answer.Text("eventId"), answer.Text("position")));
        Assert.Null(answer.Header("Retry-After"));
    }

    private static Guid Id(string account) =>
        SharedKernel.PublicId.TryParse("acc", account, out var id) ? id : throw new FormatException(account);
}
