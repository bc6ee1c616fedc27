using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Commands;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Receipts;
using Banking.EventStore.Callers;
using Banking.EventStore.Storage;
using Banking.SharedKernel;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Accounts.Tests;

/// <summary>
/// Commands that decisions schedule for later. The commands here are deposits of one cent: the balance counts their effects. Each test
/// moves the clock, so it has a bank of its own.
/// </summary>
public sealed class DueCommandTests : BankFixture
{
    private const string Operation = "test.deposit.v1";

    private static readonly Currency Euro = Currency.Parse("EUR");

    private int _failures;
    private int _hosts;

    /// <summary>How far the clock of the first host's machine is ahead.</summary>
    private TimeSpan _ahead;

    private BankClient Teller => As("teller");

    protected override void Configure(IServiceCollection services) => services
        .AddDueCommand<LateDeposit>(Operation, DepositAsync)
        .AddSingleton(new SystemClock(_hosts++ == 0 ? new Machine(() => _ahead) : TimeProvider.System));

    [Fact]
    public async Task A_command_is_decided_when_the_banks_clock_reaches_its_time_and_not_before()
    {
        var account = await Teller.OpenAsync();
        var cause = Guid.CreateVersion7();
        await DecideAsync(account, cause, Clock.Now.AddHours(2));
        await DecideAsync(account, Guid.CreateVersion7(), Clock.Now);
        await UntilAsync(account, "0.01");
        Assert.Equal(1, await CountAsync());

        Clock.Advance(TimeSpan.FromHours(2));

        await UntilAsync(account, "0.02");
        await UntilEmptyAsync();
        var e = (await Teller.GetAsync($"/v1/accounts/{account}/events")).Ok().Items()[^1];
        Assert.Equal(
            ("clock", "service", "service:banking", "the correlation", cause.ToString(), Operation),
            (Text("channel"), Text("role"), Text("actor"), Text("correlationId"), Text("causationId"), Text("operation")));
        string? Text(string member) => e.GetProperty(member).GetString();
    }

    [Fact]
    public async Task A_command_that_became_due_while_no_host_ran_is_decided_once_by_the_next_host()
    {
        var account = await Teller.OpenAsync();
        await DecideAsync(account, Guid.CreateVersion7(), Clock.Now.AddHours(2));
        await Host.DisposeAsync();
        Clock.Advance(TimeSpan.FromDays(3));

        await using var next = await StartAnotherAsync();

        await UntilAsync(On(next, "teller"), account, "0.01");
        await UntilEmptyAsync();
        Assert.Equal(3, await VersionAsync(account));
    }

    [Fact]
    public async Task A_row_that_is_read_again_after_its_command_was_recorded_has_no_second_effect()
    {
        var account = await Teller.OpenAsync();
        var id = Guid.CreateVersion7();
        await PlantAsync(account, 1, "0 s", $"'{id}'");
        await UntilEmptyAsync();
        Assert.Equal("0.01", await Teller.BalanceAsync(account));

        // As if the host had stopped between the command and the deletion of its row.
        await PlantAsync(account, 1, "0 s", $"'{id}'");

        await UntilEmptyAsync();
        Assert.Equal(2, await VersionAsync(account));
    }

    [Fact]
    public async Task Two_hosts_decide_each_of_many_commands_once_and_claim_at_most_a_page_each()
    {
        const int Rows = 3_000;
        await using var other = await StartAnotherAsync();
        var account = await Teller.OpenAsync();
        await PlantAsync(account, 100_000, "1 day", "gen_random_uuid()");
        await PlantAsync(account, Rows, "1 hour", "gen_random_uuid()");
        var maxClaimed = 0L;

        Clock.Advance(TimeSpan.FromHours(1));

        await Eventually.UntilAsync(
            async () =>
            {
                maxClaimed = Math.Max(
                    maxClaimed, (await this.QueryAsync<long>("select count(*) from platform.due where claimed_until is not null"))[0]);
                return await CountAsync();
            },
            rows => rows == 100_000, TimeSpan.FromMinutes(3));

        Assert.InRange(maxClaimed, 1, 400);
        Assert.Equal("30.00", await Teller.BalanceAsync(account));
        Assert.Equal(1 + Rows, await VersionAsync(account));
    }

    [Fact]
    public async Task A_clock_that_jumps_ahead_and_back_neither_loses_nor_repeats_a_command()
    {
        var (first, second) = (await Teller.OpenAsync(), await Teller.OpenAsync());
        var start = Clock.Now;
        await DecideAsync(first, Guid.CreateVersion7(), start.AddDays(1));
        Clock.Set(start.AddDays(30));
        await UntilAsync(first, "0.01");

        Clock.Set(start);

        await DecideAsync(second, Guid.CreateVersion7(), start.AddDays(1));
        // Commands are read in the order of their due times: when this one is decided, the other was not taken.
        await DecideAsync(second, Guid.CreateVersion7(), start);
        await UntilAsync(second, "0.01");
        Assert.Equal(1, await CountAsync());
        Clock.Set(start.AddDays(30));
        await UntilAsync(second, "0.02");
        await UntilEmptyAsync();
        Assert.Equal("0.01", await Teller.BalanceAsync(first));
    }

    [Fact]
    public async Task A_claim_made_by_a_clock_that_ran_ahead_does_not_delay_a_due_row()
    {
        var account = await Teller.OpenAsync();

        await PlantAsync(account, 1, "0 s", "gen_random_uuid()", claimedUntil: Clock.Now.AddDays(30));

        await UntilAsync(account, "0.01");
    }

    [Fact]
    public async Task A_host_whose_machine_has_a_wrong_clock_leaves_due_commands_to_the_others()
    {
        var account = await Teller.OpenAsync();
        _ahead = TimeSpan.FromMinutes(1);
        await PlantAsync(account, 1, "0 s", "gen_random_uuid()");

        // While it starts, the first host looks at the table.
        await using var other = await StartAnotherAsync();

        // The bank's clock does not move, so a claim would not expire.
        await UntilEmptyAsync();
        Assert.Equal("0.01", await Teller.BalanceAsync(account));
    }

    [Fact]
    public async Task A_failed_command_is_retried_later_and_delays_no_other()
    {
        var (failing, other) = (await Teller.OpenAsync(), await Teller.OpenAsync());
        _failures = 2;
        await PlantAsync(failing, 1, "0 s", "gen_random_uuid()");
        await Eventually.UntilAsync(() => Volatile.Read(ref _failures), left => left == 1);

        await PlantAsync(other, 1, "0 s", "gen_random_uuid()");
        await Eventually.UntilAsync(() => Volatile.Read(ref _failures), left => left == 0);
        Clock.Advance(TimeSpan.FromSeconds(16));
        await UntilAsync(failing, "0.01");
        Clock.Advance(TimeSpan.FromSeconds(16));
        await UntilAsync(other, "0.01");
        await UntilEmptyAsync();
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public async Task A_due_command_is_stored_with_its_decision_or_not_at_all(bool accepted, long rows)
    {
        var (first, second) = (await Teller.OpenAsync(), await Teller.OpenAsync());

        await Group.SubmitTogetherAsync(
            [
                Deciding(first, Guid.CreateVersion7(), Clock.Now.AddHours(1)),
                Answering(second, accepted ? Frozen(second, Guid.CreateVersion7()) : Refused),
            ],
            CancellationToken.None);

        Assert.Equal(rows, await CountAsync());
    }

    private static Decision.Refused Refused => new(Refusal.RuleBroken("no", "No."));

    private CommandGroup<Account> Group => Host.Services.GetRequiredService<CommandGroup<Account>>();

    private static Decision.Accepted Frozen(string account, Guid eventId) =>
        new(new NewEvent(Stored.Id(account), eventId, new AccountFrozen(FreezeScope.Debit, new(2026, 11, 17, 15, 0, 0, TimeSpan.Zero))));

    private static Submission<Account> Deciding(string account, Guid eventId, DateTimeOffset due) => Answering(
        account, Frozen(account, eventId) with { Due = [new(eventId, Operation, due, new LateDeposit(Stored.Id(account)))] });

    private static Submission<Account> Answering(string account, Decision decision) => new(
        new(new("teller-7", Roles.Teller, null, Channels.Http), "wait", BankClient.NewKey(), "00", "the correlation", null),
        [Stored.Id(account)], _ => null, (_, _) => decision, (_, _, _) => CommandAnswer.Changed(new { }, Stored.Id(account)));

    private async Task DecideAsync(string account, Guid eventId, DateTimeOffset due)
    {
        var reply = CommandReply.Of(await Group.SubmitAsync(Deciding(account, eventId, due), CancellationToken.None));
        Assert.True(reply.Status == 200, reply.Body);
    }

    private async Task<Outcome> DepositAsync(IServiceProvider host, LateDeposit command, CommandContext context, CancellationToken ct)
    {
        if (Volatile.Read(ref _failures) > 0)
        {
            Interlocked.Decrement(ref _failures);
            throw new InvalidOperationException("planted");
        }

        var eventId = Guid.CreateVersion7();
        return await host.GetRequiredService<CommandGroup<Account>>()
            .SubmitAsync(
                new(
                    context,
                    [command.Account],
                    _ => null,
                    (_, now) =>
                        new Decision.Accepted(new NewEvent(command.Account, eventId, new MoneyDeposited(new(1, Euro), BankSide.Cash, now))),
                    (_, _, _) => CommandAnswer.Changed(new { }, command.Account)),
                ct);
    }

    /// <param name="later">The time from now until the rows are due.</param>
    private Task<int> PlantAsync(
        string account, int rows, string later, string id, DateTimeOffset? dueAt = null, DateTimeOffset? claimedUntil = null) =>
        this.ExecuteAsync(
            "insert into platform.due (id, operation, due_at, command, correlation_id, claimed_until) "
                + $"select {id}, '{Operation}', $1 + interval '{later}', $2, 'planted', $3 from generate_series(1, $4)",
            dueAt ?? Clock.Now,
            $$"""{"account":"{{Stored.Id(account)}}"}""",
            claimedUntil is { } at ? at : DBNull.Value,
            rows);

    private async Task<long> CountAsync() => (await this.QueryAsync<long>("select count(*) from platform.due"))[0];

    private async Task<long> VersionAsync(string account) =>
        (await this.QueryAsync<long>("select version from bank.mt_streams where id = $1", Stored.Id(account)))[0];

    private Task<long> UntilEmptyAsync() => Eventually.UntilAsync(CountAsync, rows => rows == 0);

    private Task<string> UntilAsync(string account, string balance) => UntilAsync(Teller, account, balance);

    private static Task<string> UntilAsync(BankClient teller, string account, string balance) =>
        Eventually.UntilAsync(() => teller.BalanceAsync(account), found => found == balance);

    private sealed record LateDeposit(Guid Account);

    private sealed class Machine(Func<TimeSpan> ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + ahead();
    }
}
