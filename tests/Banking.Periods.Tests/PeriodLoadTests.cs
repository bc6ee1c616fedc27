using Banking.Commands.Periods;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Periods.Tests;

/// <summary>A month is closed while an account is never at rest, and something is booked in the month during the checks.</summary>
public sealed class PeriodLoadTests : PeriodBank
{
    private readonly DuringChecks _during = new();

    protected override void Configure(IServiceCollection services) => services.AddSingleton<IPeriodCheck>(_during);

    [Fact]
    public async Task Commands_continue_during_a_closing_which_checks_once_and_a_known_key_checks_nothing()
    {
        var (busy, late) = (await Teller.OpenAsync(), await Teller.OpenAsync());
        await SetClockAsync(December.AddSeconds(12));
        // Due after the closing, so it is none of its business.
        await QueryAsync(
            "insert into platform.due (id, operation, due_at, command, correlation_id) "
                + "values (gen_random_uuid(), 'test.unknown.v1', '2026-12-01T00:00:40Z', '{}', 'test') returning 1");
        _during.IsPassed = false;
        var key = ("Idempotency-Key", BankClient.NewKey());
        (await CloseAsync(key)).IsProblem(409, "period_not_ready");
        (await CloseAsync(key)).IsProblem(409, "period_not_ready");
        Assert.Equal(1, _during.Runs);

        _during.IsPassed = true;
        var booked = new List<Answer>();
        _during.Action = async () => booked.Add(await DepositAsync(Teller, late, "7.00", December.AddMinutes(-1)));
        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, 3).Select(_ => DepositUntilAsync(busy, stop.Token)));
        var closed = await CloseAsync(("Idempotency-Key", BankClient.NewKey()));
        await stop.CancelAsync();

        Assert.All((await load).SelectMany(a => a), a => Assert.True(a.StatusCode == 201, a.Body));
        Assert.Equal("7.00", closed.Ok().Json.GetProperty("closing").GetProperty("totals")[0].GetProperty("customerDeposits").GetString());
        Assert.Equal(2, _during.Runs);
        Assert.Single(booked).Created();
        await ReopenAsync();
        (await DepositAsync(Teller, late, "1.00", December.AddMinutes(-1))).Created();
        (await CloseAsync("2026-10")).IsProblem(409, "period_already_closed");
        (await Person("olga").PostAsync("/v1/periods/2026-10/reopen?propose=true", Because)).IsProblem(409, "period_not_newest_closed");
        Assert.Empty(await VerifyAsync());
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("2026-99-99T00:00:00Z")]
    public async Task A_booking_during_the_checks_whose_effective_time_is_no_time_is_named(string time)
    {
        var account = await Teller.OpenAsync();
        await SetClockAsync(December.AddSeconds(12));
        var booked = new List<Answer>();
        _during.Action = async () =>
        {
            booked.Add(await DepositAsync(Teller, account, "7.00", December.AddMinutes(-1)));
            await QueryAsync(
                $"update bank.mt_events set data = jsonb_set(data, '{{effectiveAt}}', '\"{time}\"') "
                    + "where seq_id = (select max(seq_id) from bank.mt_events where type like 'accounts.money-deposited.%') returning 1");
        };

        var closed = await CloseAsync(("Idempotency-Key", BankClient.NewKey()));

        Assert.Single(booked).Created();
        closed.IsProblem(503, "event_unreadable");
    }

    [Fact]
    public async Task A_booking_during_the_checks_by_a_host_of_a_later_version_keeps_the_month_open()
    {
        var account = await Teller.OpenAsync();
        await SetClockAsync(December.AddSeconds(12));
        var booked = new List<Answer>();
        _during.Action = async () =>
        {
            await ExecuteAsync(
                """
                create function platform.write_later_version() returns trigger language plpgsql as
                    $$ begin new.type := 'accounts.money-deposited.v99'; return new; end $$;
                create trigger write_later_version before insert on bank.mt_events for each row
                    when (new.type like 'accounts.money-deposited.%') execute function platform.write_later_version();
                """);
            booked.Add(await DepositAsync(Teller, account, "7.00", December.AddMinutes(-1)));
        };

        var closed = await CloseAsync(("Idempotency-Key", BankClient.NewKey()));

        Assert.Single(booked).Created();
        closed.IsProblem(503, "temporarily_unavailable");
        Assert.Equal("open", (await PeriodAsync("2026-11")).Text("status"));
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = Owner.CreateCommand(sql);
        await Deadlocks.RetryAsync(() => command.ExecuteNonQueryAsync());
    }

    private Task<Answer> CloseAsync((string Name, string Value) key) =>
        Person("olga").PostAsync("/v1/periods/2026-11/close", Because, key);

    private async Task ReopenAsync()
    {
        var proposal = await Person("olga").PostAsync("/v1/periods/2026-11/reopen?propose=true", Because);
        Assert.True(proposal.StatusCode == 202, proposal.Body);
        (await Person("otto").PostAsync(
            $"/v1/proposals/{proposal.Text("id")}/approve", new { commandHash = proposal.Text("commandHash") })).Ok();
    }

    private async Task<List<Answer>> DepositUntilAsync(string account, CancellationToken stop)
    {
        var answers = new List<Answer>();
        while (!stop.IsCancellationRequested)
        {
            answers.Add(await DepositAsync(Teller, account, "1.00", null));
        }

        return answers;
    }

    /// <summary>Does what the test wants at the end of the checks, and counts how often they run.</summary>
    private sealed class DuringChecks : IPeriodCheck
    {
        public Func<Task> Action { get; set; } = () => Task.CompletedTask;

        public bool IsPassed { get; set; } = true;

        public int Runs { get; private set; }

        public string Name => "test";

        public async Task<PeriodCheckResult> RunAsync(ClosingPeriod period, CancellationToken ct)
        {
            Runs++;
            await Action();
            return PeriodCheckResult.Of(IsPassed, "The test decides.");
        }
    }
}
