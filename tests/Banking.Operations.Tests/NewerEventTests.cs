using System.Globalization;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.ReadModels.Verifying;
using Banking.SharedKernel;
using Banking.Testing;
using Marten;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>
/// A host meets an event of a version that it does not know. It pauses what needs the event and nothing else, and gives way to a host that
/// knows the version.
/// </summary>
public sealed class NewerEventTests : IAsyncLifetime
{
    private const string Newer = "accounts.money-deposited.v9";

    private readonly MixedBank _bank = new();

    public ValueTask InitializeAsync() => _bank.InitializeAsync();

    public ValueTask DisposeAsync() => _bank.DisposeAsync();

    [Fact]
    public async Task Only_what_needs_it_pauses_and_everything_continues_when_a_host_starts_that_knows_it()
    {
        var (teller, auditor) = (_bank.As("teller"), _bank.As("auditor"));
        var (account, other) = (await teller.OpenAsync(balance: "1.00"), await teller.OpenAsync(balance: "1.00"));
        await _bank.CaughtUpAsync();
        var position = await StoreNewerAsync(account);

        // The account concerned: whatever needs the event names it.
        foreach (var path in (string[])["", "/entries", "/events", "/balance?version=3"])
        {
            AssertUnreadable(await teller.GetAsync($"/v1/accounts/{account}{path}"), position);
        }

        AssertUnreadable(await teller.DepositAsync(account, "1.00"), position);
        AssertUnreadable(await teller.TransferAsync(other, account, "1.00"), position);

        // All others.
        (await teller.DepositAsync(other, "1.00")).Created();
        Assert.Equal(2, (await teller.GetAsync($"/v1/accounts/{other}/entries")).Ok().Items().Count);
        var opened = await teller.OpenAsync();
        await _bank.DocumentsCurrentAsync();
        Assert.Contains(opened, (await teller.GetAsync("/v1/accounts")).Ok().Body, StringComparison.Ordinal);
        await Eventually.UntilAsync(PausedAsync, paused => paused.Count == 3);
        Assert.All(await PausedAsync(), p => Assert.Equal(position, p));
        Assert.Equal(position - 1, (await _bank.QueryAsync<long>("select max(position) from platform.read_model"))[0]);
        var trialBalance = (await auditor.GetAsync("/v1/ledger/trial-balance", ("Ledger-Min-Position", $"{position}"))).Ok();
        Assert.NotNull(trialBalance.Header("Ledger-Stale"));

        // Verify names the event, and compares the rest.
        var verified = await VerifyAsync(_bank.Host.Services);
        var unreadable = $"at position {position} cannot be read";
        Assert.Contains(verified.Differences, d => d.Stream == Id(account) && d.Found!.Contains(unreadable, StringComparison.Ordinal));
        Assert.DoesNotContain(verified.Differences, d => d.Stream == Id(other));

        // A host of the later version takes over what one host does for all; the earlier one still serves.
        _bank.IsNewer = true;
        await using var newer = await _bank.StartAnotherAsync();
        await Eventually.UntilAsync(PausedAsync, paused => paused.Count == 0);
        await _bank.CaughtUpAsync();
        var known = BankFixture.On(newer, "teller");
        Assert.Equal("6.00", (await known.DepositAsync(account, "4.00")).Created().Text("balance", "value"));
        Assert.Equal("7.00", (await teller.DepositAsync(account, "1.00")).Created().Text("balance", "value"));
        (await teller.TransferAsync(other, account, "1.00")).Created();
        Assert.Equal(5, (await known.GetAsync($"/v1/accounts/{account}/entries")).Ok().Items().Count);
        await _bank.CaughtUpAsync();
        // The planted event has the headers of the deposit before it, and no receipt of its own.
        Assert.All((await VerifyAsync(newer.Services)).Differences, d => Assert.Equal("receipts", d.Model));
    }

    private static Task<VerificationResult> VerifyAsync(IServiceProvider host) =>
        host.GetRequiredService<Verification>().RunAsync(Guid.Empty, null, _ => { }, CancellationToken.None);

    private Task<List<long>> PausedAsync() =>
        _bank.QueryAsync<long>("select pause_position from platform.read_model where paused_at is not null");

    /// <summary>Stores another deposit on an account as a later version of the bank would, without the account's state.</summary>
    private async Task<long> StoreNewerAsync(string account)
    {
        await _bank.ForgeAsync(
            $$"""
            with head as (update bank.mt_streams set version = version + 1 where id = '{{Id(account)}}' returning id, version)
            insert into bank.mt_events (seq_id, id, stream_id, version, data, type, timestamp, tenant_id, mt_dotnet_type, correlation_id,
                causation_id, headers, user_name, is_archived)
            select nextval('bank.mt_events_sequence'), gen_random_uuid(), h.id, h.version, data || '{"note": "later"}', '{{Newer}}',
                timestamp, tenant_id, mt_dotnet_type, correlation_id, causation_id, headers, user_name, is_archived
            from bank.mt_events e join head h on e.stream_id = h.id and e.version = h.version - 1
            """);
        return (await _bank.QueryAsync<long>($"select seq_id from bank.mt_events where type = '{Newer}'"))[0];
    }

    private static Guid Id(string account) => PublicId.TryParse("acc", account, out var id) ? id : throw new FormatException(account);

    private static void AssertUnreadable(Answer answer, long position) => Assert.Equal(
        (503, "event_unreadable", position.ToString(CultureInfo.InvariantCulture)),
        (answer.StatusCode, answer.Code, answer.Text("position")));

    /// <summary>The event as a later version stores it.</summary>
    public sealed record NoteworthyDeposit(Money Amount, BankSide BankSide, DateTimeOffset EffectiveAt, string Note);

    private sealed class MixedBank : BankFixture
    {
        /// <summary>Whether the next host to start knows the later version.</summary>
        public bool IsNewer { get; set; }

        protected override void Configure(IServiceCollection services)
        {
            if (IsNewer)
            {
                services.ConfigureMarten(store => store.Events.Upcast<NoteworthyDeposit, MoneyDeposited>(
                    Newer, e => new(e.Amount, e.BankSide, e.EffectiveAt)));
            }
        }
    }
}
