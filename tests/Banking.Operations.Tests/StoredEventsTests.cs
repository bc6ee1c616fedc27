using Banking.EventStore.Log;
using JasperFx.Events;
using Marten;
using Marten.Events.Archiving;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>
/// Our own statement reads the same events as Marten. It depends on Marten's table, so this test checks every upgrade.
/// </summary>
public sealed class StoredEventsTests(ProbedBank bank) : IClassFixture<ProbedBank>
{
    [Fact]
    public async Task Events_read_for_read_models_equal_those_that_Marten_reads()
    {
        var history = new RandomHistory(bank, 21);
        await history.RunAsync(30);
        await bank.CaughtUpAsync();
        // As the owner, with Marten's function: the host's role has no right to it.
        await bank.ExecuteAsync("select bank.mt_archive_stream(id) from bank.mt_streams where type = 'customer' limit 1");

        await using var session = bank.Store.QuerySession();
        var expected = await session.Events.QueryAllRawEvents().Where(e => e.MaybeArchived()).OrderBy(e => e.Sequence).ToListAsync();

        var read = (
            await bank.Host.Services.GetRequiredService<LogReader>().ReadAsync(0, expected[^1].Sequence, CancellationToken.None)).Events;

        Assert.True(read.Select(e => e.EventTypeName).Distinct().Count() >= 8);
        Assert.Contains(read, e => e.IsArchived);
        Assert.Equal(expected.Select(Columns), read.Select(Columns));
    }

    private object Columns(IEvent e) => (
        e.Sequence, e.Id, e.StreamId, e.Version, e.EventTypeName, e.Timestamp, e.UserName, e.CorrelationId, e.IsArchived, e.EventType,
        bank.Store.Options.Serializer().ToJson(e.Data));
}
