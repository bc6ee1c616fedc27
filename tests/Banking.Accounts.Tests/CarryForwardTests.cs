using System.Reflection;
using System.Text.Json.Serialization;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Commands.Decisions;
using Banking.ReadModels.Books;
using Banking.ReadModels.Verifying;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using static Banking.Accounts.Tests.AccountSpec;

namespace Banking.Accounts.Tests;

/// <summary>A bank that carries the state of an account forward after every five events.</summary>
public sealed class CarryingBank : BankFixture
{
    protected override string[] Settings =>
        [.. base.Settings, "--Banking:CarryForward:Events", "5", "--Banking:CarryForward:EventsAtClose", "5"];
}

/// <summary>The state of an account is carried forward, and its fold starts there.</summary>
public sealed class CarryForwardTests(CarryingBank bank) : IClassFixture<CarryingBank>
{
    private const string Carried = "accounts.account-carried-forward.v1";

    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task After_so_many_events_the_state_is_carried_forward_and_changes_nothing_that_others_see()
    {
        var account = await CarriedAsync();

        (await _teller.DepositAsync(account, "1.00")).Created();

        Assert.Equal("5.00", await _teller.BalanceAsync(account));
        var entries = (await _teller.GetAsync($"/v1/accounts/{account}/entries")).Ok().Items();
        Assert.Equal(5, entries.Count);
        // The feed has what lies before the high-water mark.
        var published = await Eventually.UntilAsync(
            async () => (await bank.As("operator").GetAsync($"/v1/feed?after=0&limit=500&accounts={account}")).Ok().Items(),
            events => events.Count >= 6);
        Assert.Equal([1, 2, 3, 4, 5, 7], published.Select(e => e.GetProperty("streamversion").GetInt32()));
        Assert.Equal([1, 2, 3, 4, 5], published.Skip(1).Select(e => e.GetProperty("previousversion").GetInt32()));
        var complete = (await bank.As("operator").GetAsync($"/v1/feed/completeness?account={account}")).Ok();
        Assert.Equal(("1", "7", "6"), (complete.Text("first"), complete.Text("last"), complete.Text("events")));
        Assert.DoesNotContain(await DifferencesAsync(), d => d.Stream == Stored.Id(account));
    }

    [Fact]
    public async Task If_Match_with_the_version_before_it_holds_because_nothing_has_changed()
    {
        var account = await CarriedAsync();

        var stale = await _teller.DepositAsync(account, "1.00", "EUR", ("If-Match", "\"4\""));
        var current = await _teller.DepositAsync(account, "1.00", "EUR", ("If-Match", "\"5\""));
        var changed = await _teller.DepositAsync(account, "1.00", "EUR", ("If-Match", "\"6\""));

        Assert.Equal((412, 201, 412), (stale.StatusCode, current.StatusCode, changed.StatusCode));
    }

    [Fact]
    public void Every_member_of_the_state_is_carried()
    {
        var own = new[] { nameof(Account.Id), nameof(Account.Version), nameof(Account.RecordedAt), nameof(Account.CarriedAt) };
        var state = typeof(Account).GetProperties()
            .Where(p => !p.GetMethod!.IsStatic && p.GetCustomAttribute<JsonIgnoreAttribute>() is null).Select(p => p.Name).Except(own);

        var missing = state.Except(typeof(AccountCarriedForward).GetProperties().Select(p => p.Name)).ToList();

        Assert.True(
            missing.Count == 0,
            $"{string.Join(", ", missing)} would be lost where a fold starts at a carried state. Give the event a new version with them.");
    }

    [Fact]
    public async Task Questions_about_earlier_moments_backdated_bookings_and_what_if_see_the_events_before_it()
    {
        var account = await CarriedAsync();
        bank.Clock.Advance(TimeSpan.FromHours(1));
        var events = (await _teller.GetAsync($"/v1/accounts/{account}/events")).Ok().Items();

        Assert.Equal("2.00", (await _teller.GetAsync($"/v1/accounts/{account}/balance?version=3")).Ok().Text("balance", "value"));
        Assert.Equal("4.00", (await _teller.GetAsync($"/v1/accounts/{account}/balance?version=6")).Ok().Text("balance", "value"));
        Assert.Equal(6, (await _teller.GetAsync($"/v1/accounts/{account}/changes")).Ok().Items().Count);
        var (amount, effectiveAt) = (new { value = "4.00", currency = "EUR" }, bank.Clock.Now.AddMinutes(-1));
        (await _teller.PostAsync("/v1/withdrawals", new { accountId = account, amount, reason = "late", effectiveAt })).Created();
        var omit = new { omit = events[1].GetProperty("id").GetString() };
        var simulated = await _teller.PostAsync("/v1/simulations", new { accounts = new[] { account }, changes = new[] { omit } });
        Assert.True(simulated.StatusCode is 200 or 201 or 202, simulated.Body);
    }

    [Fact]
    public async Task A_command_after_a_lost_state_reads_no_event_before_the_one_that_carries_it()
    {
        var account = await CarriedAsync();
        (await _teller.DepositAsync(account, "1.00")).Created();
        // No version of this bank can read the older events.
        await bank.ExecuteAsync(
            "update bank.mt_events set type = 'accounts.unknown.v1' where stream_id = $1 and version < 6", Stored.Id(account));
        await LoseStateAsync(account);

        var read = await UntilAnsweredAsync(() => _teller.GetAsync($"/v1/accounts/{account}"));
        Assert.Equal("5.00", read.Ok().Text("balance", "value"));
        var after = await UntilAnsweredAsync(() => _teller.WithdrawAsync(account, "5.00", "EUR", ("Idempotency-Key", "carry-lost")));

        Assert.Equal((201, "8"), (after.StatusCode, after.Text("version")));
    }

    [Fact]
    public async Task Verify_finds_a_carried_state_that_the_events_before_it_do_not_make()
    {
        var account = await CarriedAsync();
        await bank.ExecuteAsync(
            $"update bank.mt_events set data = jsonb_set(data, '{{balance,minor}}', '401') where stream_id = $1 and type = '{Carried}'",
            Stored.Id(account));

        var found = await DifferencesAsync();

        Assert.Contains(found, d => d.Stream == Stored.Id(account) && d.Table == "carried state");
    }

    [Fact]
    public async Task The_stream_of_a_closed_account_ends_with_its_closing()
    {
        var account = await _teller.OpenAsync();
        (await _teller.DepositAsync(account, "1.00")).Created();
        (await _teller.DepositAsync(account, "1.00")).Created();
        (await _teller.WithdrawAsync(account, "2.00")).Created();
        (await _teller.PostAsync($"/v1/accounts/{account}/close", new { reasonCode = "left", reason = "left" })).Ok();
        var carrying = bank.Host.Services.GetRequiredService<CarryingForward>();

        // What the closing of a period asks for, of this account and those opened after it.
        var before = await bank.QueryAsync<Guid>(
            "select id from accounts.mt_doc_account where id < $1 order by id desc limit 1", Stored.Id(account));
        await carrying.RunAsync(new CarryAccountsForward(EventId, before.FirstOrDefault()), null, CancellationToken.None);

        Assert.Equal(
            ["accounts.account-closed.v1"],
            await bank.QueryAsync<string>("select type from bank.mt_events where stream_id = $1 and version >= 5", Stored.Id(account)));
        Assert.Equal(
            [0L],
            await bank.QueryAsync<long>("select count(*) from platform.due where command like '%' || $1 || '%'", $"{Stored.Id(account)}"));
    }

    [Fact]
    public void The_state_that_is_carried_equals_the_fold()
    {
        var account = Fold(Id, Opened(50), Deposited(7), Frozen(Contracts.FreezeScope.Debit), new DelegateAuthorized(OwnerId, Now));
        var carried = AccountCarriedForward.Of(account, Now);

        var (folded, resumed) = (Account.Fold(account, Id, carried, Now), Account.Resume(Id, carried, 5, Now));

        AccountProperties.Same(folded, resumed!);
    }

    [Fact]
    public void A_transfer_that_takes_two_accounts_over_the_limit_carries_both_and_a_carried_state_counts_anew()
    {
        var policy = new CarryForwardPolicy(3);
        var (first, second) = (Fold(Id, Opened(), Deposited(1)), Fold(PayeeId, Opened(), Deposited(1)));
        var decision = new Decision.Accepted(new NewEvent(Id, EventId, Deposited(1)), new NewEvent(PayeeId, OtherEventId, Deposited(1)));

        Assert.Equal(2, Due(first, second));
        Assert.Equal(1, Due(first, second with { CarriedAt = 1 }));
        int Due(params Account[] accounts) =>
            Assert.IsType<Decision.Accepted>(policy.Apply(decision, id => accounts.Single(a => a.Id == id), Now)).Due.Count;
    }

    /// <summary>An account with an opening and four deposits, whose state was carried forward.</summary>
    private async Task<string> CarriedAsync()
    {
        var account = await _teller.OpenAsync();
        for (var i = 0; i < 4; i++)
        {
            (await _teller.DepositAsync(account, "1.00")).Created();
        }

        await Eventually.UntilAsync(
            () => bank.QueryAsync<long>(
                $"select version from bank.mt_events where stream_id = $1 and type = '{Carried}'", Stored.Id(account)),
            versions => versions is [6L]);
        return account;
    }

    private async Task LoseStateAsync(string account)
    {
        await bank.ExecuteAsync("delete from accounts.mt_doc_account where id = $1", Stored.Id(account));
        // Broken connections make a host forget the states that it remembers.
        await bank.ExecuteAsync(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()");
    }

    private static async Task<Answer> UntilAnsweredAsync(Func<Task<Answer>> send)
    {
        Answer answer;
        do
        {
            answer = await send();
        }
        while (answer.StatusCode == 503);

        return answer;
    }

    private async Task<IReadOnlyList<Difference>> DifferencesAsync() =>
        (await bank.Host.Services.GetRequiredService<Verification>().RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None))
            .Differences;
}
