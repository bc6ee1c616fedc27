using Banking.Platform.Following;
using JasperFx.Events;
using Marten;
using Marten.Events.Archiving;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>
/// What read models are given is what Marten reads, event by event: the statement knows Marten's table, and this is asked after every
/// upgrade.
/// </summary>
public sealed class StoredEventsTests(ProbedBank bank) : IClassFixture<ProbedBank>
{
    [Fact]
    public async Task Events_read_for_read_models_are_those_that_Marten_reads()
    {
        var lively = new LivelyBank(bank, 21);
        await lively.LiveAsync(30);
        await bank.CaughtUpAsync();
        // By the owner, as Marten does it: the host's role cannot.
        await bank.ExecuteAsync("select bank.mt_archive_stream(id) from bank.mt_streams where type = 'customer' limit 1");

        await using var session = bank.Store.QuerySession();
        var expected = await session.Events.QueryAllRawEvents().Where(e => e.MaybeArchived()).OrderBy(e => e.Sequence).ToListAsync();

        var read = (
            await bank.Host.Services.GetRequiredService<LogReader>().ReadAsync(0, expected[^1].Sequence, CancellationToken.None)).Events;

        Assert.True(read.Select(e => e.EventTypeName).Distinct().Count() >= 8);
        Assert.Contains(read, e => e.IsArchived);
        Assert.Equal(expected.Select(Told), read.Select(Told));
    }

    private object Told(IEvent e) => (
        e.Sequence, e.Id, e.StreamId, e.Version, e.EventTypeName, e.Timestamp, e.UserName, e.CorrelationId, e.IsArchived, e.EventType,
        bank.Store.Options.Serializer().ToJson(e.Data));
}
