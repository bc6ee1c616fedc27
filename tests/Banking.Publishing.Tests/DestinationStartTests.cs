using Banking.Publishing.Publishers;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Publishing.Tests;

/// <summary>
/// A new destination starts at its configured position. Afterwards it continues from its checkpoint, whichever host delivers to it.
/// </summary>
public sealed class DestinationStartTests
{
    [Theory]
    [InlineData(null, 0L)]
    [InlineData("", 0L)]
    [InlineData("beginning", 0L)]
    [InlineData("0", 0L)]
    [InlineData("1234", 1234L)]
    [InlineData("now", null)]
    public void A_start_is_the_beginning_now_or_a_position(string? text, long? position) =>
        Assert.Equal(position, StartPosition.Parse(text).Position);

    [Theory]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1.5")]
    [InlineData(" 1")]
    [InlineData("Now")]
    [InlineData("the end")]
    [InlineData("99999999999999999999")]
    public void Anything_else_is_refused_in_plain_words(string text)
    {
        var error = Assert.Throws<FormatException>(() => StartPosition.Parse(text));

        Assert.Equal($"'{text}' is not a start position; give beginning, now or a position of the log.", error.Message);
    }

    [Fact]
    public async Task A_destination_configured_later_starts_at_the_beginning_now_or_at_a_given_position_and_only_once()
    {
        await using var bank = new OpenEndedBank();
        await bank.InitializeAsync();
        var (teller, feed) = (bank.As("teller"), new Feed(bank));
        var account = await teller.OpenAsync(balance: "1.00");
        (await teller.DepositAsync(account, "1.00")).Created();
        var positions = (await feed.AllAsync()).Select(e => e.Position()).ToList();

        var (fromBeginning, fromNow, fromPosition) = (
            new Sink { Called = "all" },
            new Sink { Called = "none", From = StartPosition.Now },
            new Sink { Called = "some", From = new(positions[1]) });
        foreach (var sink in (Sink[])[fromBeginning, fromNow, fromPosition])
        {
            bank.Destinations.Add(sink);
        }

        await Eventually.UntilAsync(
            () => bank.QueryAsync<string>("select name from publishing.publisher where kind <> 'modules'"), names => names.Count == 3);
        (await teller.DepositAsync(account, "1.00")).Created();

        await ArrivedAsync(fromBeginning, account, [1, 2, 3, 4]);
        await ArrivedAsync(fromNow, account, [4]);
        await ArrivedAsync(fromPosition, account, [3, 4]);
        Assert.Equal([null, 1L, 2, 3], fromBeginning.Taken.Select(e => e.PreviousVersion));
        Assert.Equal([3L], fromNow.Taken.Select(e => e.PreviousVersion));

        // Removed and configured again with another start position: the destination continues from its checkpoint.
        bank.Destinations.Remove(fromNow);
        var (_, again) = (await teller.DepositAsync(account, "1.00"), new Sink { Called = "none", From = StartPosition.Beginning });
        await ArrivedAsync(fromBeginning, account, [1, 2, 3, 4, 5]);
        bank.Destinations.Add(again);
        await Eventually.UntilAsync(
            () => (fromNow.VersionsOf(account).Concat(again.VersionsOf(account)).ToArray()), versions => versions.SequenceEqual([4L, 5]));
    }

    [Fact]
    public async Task Of_two_hosts_one_delivers_and_where_it_is_gone_the_other_continues_in_order()
    {
        await using var bank = new TwoHostedBank();
        await bank.InitializeAsync();
        await using var other = await bank.StartAnotherAsync();
        var teller = BankFixture.On(other, "teller");
        var accounts = new List<string> { await teller.OpenAsync(), await teller.OpenAsync() };
        await DepositAsync(teller, accounts, 20);
        await ArrivedAsync(bank.Sinks[0], accounts[1], [.. Enumerable.Range(1, 21)]);
        Assert.Empty(bank.Sinks[1].Taken);

        var depositing = DepositAsync(teller, accounts, 60);
        await bank.Host.DisposeAsync();
        await depositing;
        await DepositAsync(teller, accounts, 20);

        foreach (var account in accounts)
        {
            var firsts = await Eventually.UntilAsync(
                () => bank.Sinks.SelectMany(s => s.VersionsOf(account)).Distinct().ToList(), versions => versions.Count >= 101);
            Assert.Equal(Enumerable.Range(1, 101).Select(v => (long)v), firsts);
        }

        Assert.NotEmpty(bank.Sinks[1].Taken);
    }

    private static async Task DepositAsync(BankClient teller, List<string> accounts, int times)
    {
        for (var i = 0; i < times; i++)
        {
            foreach (var account in accounts)
            {
                (await teller.DepositAsync(account, "1.00")).Created();
            }
        }
    }

    private static Task<string> ArrivedAsync(Sink sink, string account, int[] versions) =>
        Eventually.UntilAsync(() => string.Join(' ', sink.VersionsOf(account)), text => text == string.Join(' ', versions));

    /// <summary>A bank whose destinations are configured while it runs.</summary>
    private sealed class OpenEndedBank : BankFixture, IDestinationSource
    {
        public List<Sink> Destinations { get; } = [];

        public async Task<IReadOnlyList<DestinationSpec>> ListAsync(CancellationToken ct)
        {
            var specs = new List<DestinationSpec>();
            foreach (var sink in Destinations.ToArray())
            {
                specs.AddRange(await sink.ListAsync(ct));
            }

            return specs;
        }

        protected override void Configure(IServiceCollection services) => services.AddSingleton<IDestinationSource>(this);
    }

    /// <summary>Each host has its own sink under the same name, so that a test can see which host delivered.</summary>
    private sealed class TwoHostedBank : BankFixture
    {
        public List<Sink> Sinks { get; } = [];

        protected override void Configure(IServiceCollection services)
        {
            Sinks.Add(new());
            services.AddSingleton<IDestinationSource>(Sinks[^1]);
        }
    }
}
