using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.Publishing.Log;
using Banking.SharedKernel;
using Banking.Testing;
using JasperFx.Events;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Publishing.Tests;

/// <summary>The published view of a log that also contains unpublished events.</summary>
public sealed class PublicLogTests(BankFixture bank) : IClassFixture<BankFixture>
{
    private readonly BankClient _teller = bank.As("teller");

    private PublicLog Log => bank.Host.Services.GetRequiredService<PublicLog>();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(100)]
    public async Task What_concerns_an_account_is_read_to_its_end_though_a_page_may_have_nothing_that_is_published(int limit)
    {
        var (account, other) = (await _teller.OpenAsync(balance: "1.00"), await _teller.OpenAsync());
        for (var i = 0; i < 3; i++)
        {
            (await _teller.WithdrawAsync(account, "9.00")).IsProblem(422, "insufficient_funds");
            (await _teller.TransferAsync(account, other, "9.00")).IsProblem(422, "insufficient_funds");
            (await _teller.TransferAsync(other, account, "9.00")).IsProblem(422, "insufficient_funds");
        }

        (await _teller.DepositAsync(account, "2.00")).Created();
        var end = (await bank.QueryAsync<long>("select max(seq_id) from bank.mt_events"))[0];
        Assert.True(PublicId.TryParse("acc", account, out var id));

        var published = new List<PublicEvent>();
        var from = 1L;
        while (from <= end)
        {
            var page = await Log.OfAccountAsync(id, from, end, limit, CancellationToken.None);
            Assert.True(page.End >= from && page.Events.Count <= limit);
            published.AddRange(page.Events);
            from = page.End + 1;
        }

        Assert.Equal([1L, 2, null, null, null, 3], published.Select(e => e.Version));
        Assert.Equal([null, 1L, null, null, null, 2], published.Select(e => e.PreviousVersion));
        Assert.All(published, e => Assert.Equal(account, e.Subject));
        Assert.Equal(published.Select(e => e.Position).Order(), published.Select(e => e.Position));
    }

    [Fact]
    public async Task An_event_that_is_not_published_is_not_found_and_a_page_continues_after_it()
    {
        var account = await _teller.OpenAsync();
        (await _teller.WithdrawAsync(account, "1.00")).IsProblem(422, "insufficient_funds");
        (await _teller.TransferAsync(account, account, "1.00")).IsProblem(422, "same_account");
        (await _teller.DepositAsync(account, "1.00")).Created();
        var end = (await bank.QueryAsync<long>("select max(seq_id) from bank.mt_events"))[0];
        await Eventually.UntilAsync(
            () => bank.Host.Services.GetRequiredService<HighWaterMark>().LookAsync(CancellationToken.None), p => p >= end);

        var events = (await Log.TakeAsync(end - 3, 2, CancellationToken.None)).Events;

        Assert.Equal(["transfer-refused", "money-deposited"], events.Select(e => e.Type.Split('.')[2]));
        var refusals = await bank.QueryAsync<Guid>(
            "select id from bank.mt_events where type = 'platform.command-refused.v1' order by seq_id desc limit 2");
        Assert.NotNull(await Log.FindAsync(refusals[0], CancellationToken.None));
        Assert.Null(await Log.FindAsync(refusals[1], CancellationToken.None));
    }

    [Fact]
    public async Task A_predecessor_that_was_seen_before_a_restore_is_looked_up_again()
    {
        var account = await _teller.OpenAsync(balance: "1.00");
        (await _teller.DepositAsync(account, "2.00")).Created();
        Assert.True(PublicId.TryParse("acc", account, out var id));
        var reader = bank.Host.Services.GetRequiredService<LogReader>();
        var positions = await bank.QueryAsync<long>("select seq_id from bank.mt_events where stream_id = $1 order by version", id);
        var (former, next) = (await ReadAsync(positions[0], positions[1]), await ReadAsync(positions[2], positions[2]));
        var published = former[0].EventTypeName;
        var predecessors = new Predecessors(bank.Host.Services.GetRequiredService<ReadModelConnections>(), [published]);

        // In the log before the restore the second event was published, too.
        former[1].EventTypeName = published;
        await predecessors.FindAsync(former, former, "before", CancellationToken.None);
        var found = await predecessors.FindAsync(next, next, "after", CancellationToken.None);

        Assert.Equal(1, Assert.Single(found).Value);

        async Task<IReadOnlyList<IEvent>> ReadAsync(long from, long upTo) =>
            [.. (await reader.ReadAllAsync(from - 1, upTo, CancellationToken.None)).Events.Where(e => e.StreamId == id)];
    }
}
