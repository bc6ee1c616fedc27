using Banking.SharedKernel;
using Banking.Testing;

namespace Banking.Publishing.Tests;

/// <summary>Webhooks cost nothing while the log has no event for them, whatever their number.</summary>
public sealed class IdleWebhooksTests(IdleWebhooksTests.ManyWebhooks bank) : IClassFixture<IdleWebhooksTests.ManyWebhooks>
{
    private const int Count = 300;

    private readonly BankClient _teller = bank.As("teller");

    [Fact]
    public async Task Events_that_no_webhook_takes_move_all_checkpoints_together_and_with_none_there_is_no_statement()
    {
        var other = await _teller.OpenAsync();
        await bank.IdleAsync();
        using var statements = new Statements(bank.ConnectionString);
        for (var i = 0; i < 3; i++)
        {
            (await _teller.DepositAsync(other, "1.00")).Created();
        }

        await bank.IdleAsync();
        await ConfirmedAsync(statements);
        Assert.InRange(statements.With("skip locked").Count, 1, 20);
        Assert.InRange(statements.With("publishing.").Count, 1, 60);

        using var quiet = new Statements(bank.ConnectionString);
        await ConfirmedAsync(quiet);

        // The metrics of publication are read every five seconds, with two statements for all destinations.
        Assert.InRange(quiet.With("publishing.").Count, 0, 6);
        Assert.Empty(quiet.With("update publishing.publisher", "mt_doc_webhook"));
    }

    /// <summary>Waits for a while in which leaders confirm their locks, which each does once a second.</summary>
    private static Task<int> ConfirmedAsync(Statements statements) =>
        Eventually.UntilAsync(() => statements.With("select 1").Count(sql => sql == "select 1"), n => n >= 6);

    [Fact]
    public async Task An_event_for_one_of_many_arrives_there_and_nowhere_else()
    {
        await bank.IdleAsync();
        var before = await bank.DeliveredAsync();

        (await _teller.DepositAsync(bank.Account, "7.00")).Created();

        var delivery = await Eventually.UntilAsync(() => bank.Receiver.All, all => all is [.., var last] && last.Account == bank.Account);
        Assert.Equal("7.00", delivery[^1].Event.GetProperty("data").GetProperty("amount").GetProperty("value").GetString());
        await bank.IdleAsync();
        Assert.Equal(before + 1, await bank.DeliveredAsync());
        Assert.Equal(before + 1, bank.Receiver.All.Count);
    }

    [Fact]
    public async Task Each_idle_webhook_is_shown_without_a_backlog()
    {
        await bank.IdleAsync();

        var shown = (await bank.As("operator").GetAsync("/ops/outbox")).Ok().Items();

        Assert.Equal(Count, shown.Count(d => d.GetProperty("kind").GetString() == "webhook"));
        Assert.All(shown, d => Assert.Equal(
            (true, 0, 0),
            (d.GetProperty("configured").GetBoolean(), d.GetProperty("waiting").GetInt64(), d.GetProperty("oldestSeconds").GetDouble())));
    }

    /// <summary>A bank with many webhooks, one of which takes the events of an account that exists.</summary>
    public sealed class ManyWebhooks : BankFixture, IAsyncLifetime
    {
        internal WebhookReceiver Receiver { get; private set; } = null!;

        internal string Account { get; private set; } = "";

        protected override string[] Settings => [.. base.Settings, .. LocalWebhooks];

        async ValueTask IAsyncLifetime.InitializeAsync()
        {
            await InitializeAsync();
            Receiver = await WebhookReceiver.StartAsync();
            Account = await As("teller").OpenAsync();
            await Task.WhenAll(Enumerable.Range(0, Count).Select(i => this.RegisterWebhookAsync(
                Receiver.Url, accounts: [i == Count / 2 ? Account : PublicId.Format("acc", new(i + 1, 0, 0, new byte[8]))])));
            await Eventually.UntilAsync(
                () => this.QueryAsync<long>("select count(*) from publishing.publisher where kind = 'webhook'"), n => n[0] == Count);
        }

        async ValueTask IAsyncDisposable.DisposeAsync()
        {
            await Receiver.DisposeAsync();
            await DisposeAsync();
        }

        /// <summary>Waits until every checkpoint has reached the end of the log.</summary>
        internal async Task IdleAsync()
        {
            var end = (await this.QueryAsync<long>("select max(seq_id) from bank.mt_events"))[0];
            await Eventually.UntilAsync(
                () => this.QueryAsync<long>("select count(*) from publishing.publisher where position < $1", end),
                behind => behind[0] == 0);
        }

        internal async Task<long> DeliveredAsync() =>
            (await this.QueryAsync<long>("select sum(delivered)::bigint from publishing.publisher where kind = 'webhook'"))[0];
    }
}
