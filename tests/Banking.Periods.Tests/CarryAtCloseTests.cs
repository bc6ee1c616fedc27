using Banking.Accounts.Features;
using Banking.Periods.Contracts;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;
using Wolverine.Tracking;

namespace Banking.Periods.Tests;

/// <summary>When a month is closed, the states of accounts with many events are carried forward, two accounts per message.</summary>
public sealed class CarryAtCloseTests : PeriodBank
{
    private const string Carried =
        "select stream_id || ' ' || version from bank.mt_events where type = 'accounts.account-carried-forward.v1' order by stream_id";

    protected override string[] Settings => [.. base.Settings, "--Banking:CarryForward:EventsAtClose", "3"];

    protected override void Configure(IServiceCollection services) =>
        services.AddSingleton(p => ActivatorUtilities.CreateInstance<CarryingForward>(p, 2));

    [Fact]
    public async Task Every_long_account_is_carried_forward_once_though_writing_fails_and_the_message_comes_again()
    {
        var accounts = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            accounts.Add(await Teller.OpenAsync(balance: "1.00"));
            (await Teller.DepositAsync(accounts[^1], "1.00")).Created();
        }

        await Teller.OpenAsync(balance: "1.00");
        // A number of a sequence stays when the transaction that drew it is rolled back.
        await QueryAsync(
            """
            create sequence bank.refused_cuts;
            create function bank.refuse_cut() returns trigger language plpgsql security definer as
                $$ begin perform nextval('bank.refused_cuts'); raise exception 'planted' using errcode = 'disk_full'; end $$;
            create trigger refuse_cut before insert on bank.mt_events for each row
                when (new.type = 'accounts.account-carried-forward.v1') execute function bank.refuse_cut();
            select 1;
            """);
        await SetClockAsync(December.AddMinutes(2));
        (await CloseAsync("2026-11")).Ok();
        await Eventually.UntilAsync(() => QueryAsync("select is_called from bank.refused_cuts"), called => called is ["True"]);
        Assert.Empty(await QueryAsync(Carried));

        await QueryAsync("drop trigger refuse_cut on bank.mt_events; select 1");

        var expected = accounts.Select(a => $"{Guid.ParseExact(a[4..], "N")} 4").Order(StringComparer.Ordinal);
        await Eventually.UntilAsync(() => QueryAsync(Carried), carried => carried.Count >= 5);
        await Host.TrackActivity().Timeout(TimeSpan.FromSeconds(30)).SendMessageAndWaitAsync(
            new PeriodWasClosed(Guid.CreateVersion7(), new(2026, 11, 1), Clock.Now));
        Assert.Equal(expected, await QueryAsync(Carried));
        Assert.Empty(await VerifyAsync());
    }

    [Fact]
    public async Task An_account_that_cannot_be_read_or_was_archived_keeps_no_later_one_from_being_carried_forward()
    {
        var accounts = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            accounts.Add(await Teller.OpenAsync(balance: "1.00"));
            (await Teller.DepositAsync(accounts[^1], "1.00")).Created();
        }

        var ids = accounts.Select(a => Guid.ParseExact(a[4..], "N").ToString()).Order(StringComparer.Ordinal).ToList();
        // With another id of its last event no stored state is current, and the fold meets a type that nothing reads.
        await QueryAsync(
            $"update bank.mt_events set id = gen_random_uuid(), type = 'accounts.unknown.v1' where stream_id = '{ids[0]}' returning 1");
        await QueryAsync($"update bank.mt_streams set is_archived = true where id = '{ids[1]}' returning 1");

        await Host.TrackActivity().Timeout(TimeSpan.FromSeconds(30)).SendMessageAndWaitAsync(
            new PeriodWasClosed(Guid.CreateVersion7(), new(2026, 11, 1), Clock.Now));

        Assert.Equal(ids.Skip(2).Select(id => $"{id} 4"), await QueryAsync(Carried));
    }
}
