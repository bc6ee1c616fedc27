using Banking.Accounts;
using Banking.Accounts.Contracts;
using Banking.Commands.Imports;
using Banking.EventStore.Appending;
using Banking.SharedKernel;
using Banking.Testing;

namespace Banking.Publishing.Tests;

/// <summary>Imports, rebuilds, replays and verification publish nothing.</summary>
public sealed class SilenceTests(SunkBank bank) : IClassFixture<SunkBank>
{
    private const int Movements = 40;

    private static readonly object Reason = new { reasonCode = "test", reason = "A test asks for it." };

    private readonly BankClient _teller = bank.As("teller");
    private readonly BankClient _operator = bank.As("operator");
    private readonly Feed _feed = new(bank);

    [Fact]
    public async Task An_import_publishes_nothing_and_the_first_event_after_it_has_no_predecessor()
    {
        var before = await _feed.AllAsync();
        var account = await ImportAsync("DE89370400440532013000");
        await DeliveredAsync();
        Assert.Equal(before.Count, (await _feed.AllAsync()).Count);
        Assert.Empty(bank.Sink.VersionsOf(account));
        Assert.Equal((null, null, 0L), await CompletenessAsync(account));

        (await _teller.DepositAsync(account, "1.00")).Created();
        (await _teller.WithdrawAsync(account, "1.00")).Created();
        await DeliveredAsync();

        var events = await _feed.OfAsync(account);
        Assert.Equal(
            [((long?)Movements + 2, (long?)null), (Movements + 3, Movements + 2)],
            events.Select(e => (e.Number("streamversion"), e.Number("previousversion"))));
        Assert.Equal([Movements + 2L, Movements + 3], bank.Sink.VersionsOf(account));
        Assert.Equal((Movements + 2L, Movements + 3L, 2L), await CompletenessAsync(account));
    }

    [Fact]
    public async Task An_import_between_two_events_leaves_the_chain_of_others_whole()
    {
        var other = await _teller.OpenAsync(balance: "5.00");
        var imported = await ImportAsync("GB29NWBK60161331926819");
        (await _teller.TransferAsync(other, imported, "5.00")).Created();
        await DeliveredAsync();

        Assert.Equal([1, 2, 3], bank.Sink.VersionsOf(other));
        var received = Assert.Single(await _feed.OfAsync(imported));
        Assert.Equal(("banking.account.transfer-received.v1", null), (received.Text("type"), received.Number("previousversion")));
    }

    [Fact]
    public async Task Rebuilding_replaying_and_verifying_deliver_nothing_again_and_nothing_new()
    {
        var account = await _teller.OpenAsync(balance: "10.00");
        (await _teller.WithdrawAsync(account, "1.00")).Created();
        await DeliveredAsync();
        var (taken, published, delivered) = (bank.Sink.Taken.Count, (await _feed.AllAsync()).Count, await DeliveredCountAsync());
        var logged = await _feed.CompleteAsync();

        Assert.Equal(202, (await _operator.PostAsync("/ops/projections/rebuild", Reason)).StatusCode);
        var models = await Eventually.UntilAsync(RebuiltAsync, all => all.Count > 0 && all.All(m => m.Rebuilt));
        foreach (var (name, _) in models)
        {
            (
                await _operator.PostAsync(
                    $"/ops/projections/{name}/replay",
                    new
                    {
                        schema = "scratch_" + name,
                        reasonCode = "test",
                        reason = "A look.",
                    })).Ok();
        }

        var (exitCode, output, error) = await HostProcess.RunAsync(
            ["verify", "--full"], ("ConnectionStrings__banking", bank.ConnectionString));
        Assert.True(exitCode == 0, output + error);

        // The operator's requests are in the log, and the publisher's checkpoint is past them.
        Assert.True(await DeliveredAsync() > logged);
        Assert.Equal((taken, published, delivered), (bank.Sink.Taken.Count, (await _feed.AllAsync()).Count, await DeliveredCountAsync()));
        (await _teller.DepositAsync(account, "1.00")).Created();
        await DeliveredAsync();
        Assert.Equal([1, 2, 3, 4], bank.Sink.VersionsOf(account));
    }

    /// <summary>Waits until the publisher's checkpoint has reached the end of the log, and returns that end.</summary>
    private async Task<long> DeliveredAsync()
    {
        var end = await _feed.CompleteAsync();
        await Eventually.UntilAsync(
            async () => (await bank.QueryAsync<long>("select position from publishing.publisher where name = $1", Sink.Name))[0],
            p => p >= end);
        return end;
    }

    private async Task<long> DeliveredCountAsync() =>
        (await bank.QueryAsync<long>("select delivered from publishing.publisher where name = $1", Sink.Name))[0];

    private async Task<List<(string Name, bool Rebuilt)>> RebuiltAsync()
    {
        var models = new List<(string, bool)>();
        foreach (var model in (await _operator.GetAsync("/ops/projections")).Ok().Items())
        {
            var rebuild = await _operator.GetAsync($"/ops/projections/{model.Text("name")}/rebuild");
            if (rebuild.StatusCode == 200)
            {
                models.Add((model.Text("name"), rebuild.Text("state") is "serving"));
            }
        }

        return models;
    }

    private async Task<(long? First, long? Last, long? Events)> CompletenessAsync(string account)
    {
        var complete = (await bank.As("auditor").GetAsync("/v1/feed/completeness?account=" + account)).Ok().Json;
        return (complete.Number("first"), complete.Number("last"), complete.Number("events"));
    }

    private async Task<string> ImportAsync(string number)
    {
        Assert.True(PublicId.TryParse("cus", await _teller.RegisterAsync(), out var owner));
        var id = Ids.Next(bank.Clock);
        var opened = bank.Clock.Now.AddYears(-3);
        var movements = Enumerable
            .Range(1, Movements)
            .Select(n => new HistoricMovement(
                Ids.Next(bank.Clock),
                Direction.Credit,
                new(10_00, Currency.Parse("EUR")),
                opened.AddDays(n),
                BankSide.Cash,
                new(),
                new("test", "rows", n, $"{number}-{n}"),
                null));
        var history = new AccountHistory(
            id,
            AccountNumber.Parse(number),
            "old-" + number,
            owner,
            [],
            Currency.Parse("EUR"),
            "current",
            opened,
            new("test", "accounts", 1, number),
            [.. movements]);
        var result = await AccountsModule.ImportAsync(
            new HistoryImport(bank.Store, bank.Database, bank.Clock, new([], new())), "test", [history], _ => { },
            TestContext.Current.CancellationToken);
        Assert.Equal(Movements + 1, result.Events);
        return PublicId.Format("acc", id);
    }
}
