using System.Runtime.CompilerServices;
using Banking.EventStore.Archive;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>Reads stored events with their headers, by stream and version, one page at a time.</summary>
internal static class ReceiptedEvents
{
    /// <summary>Number of events in memory at once.</summary>
    private const int PageSize = 2_000;

    /// <summary>Reads the events of some streams. The last event of a command in its stream is marked.</summary>
    public static async IAsyncEnumerable<IReadOnlyList<ReceiptedEvent>> PagesAsync(
        NpgsqlConnection snapshot, StreamSelection streams, ArchivedEvents archive, [EnumeratorCancellation] CancellationToken ct)
    {
        ReceiptedEvent? last = null;
        IReadOnlyList<ReceiptedEvent> read;
        do
        {
            read = await PageAsync(snapshot, streams, last, archive, ct);
            // A full page ends before its last event, which shows whether the command of the event before it is complete.
            var page = new ReceiptedEvent[read.Count == PageSize ? PageSize - 1 : read.Count];
            for (var i = 0; i < page.Length; i++)
            {
                var (e, next) = (read[i], i + 1 < read.Count ? read[i + 1] : null);
                page[i] = last = e with
                {
                    CommandStart = last is not null && last.IsFollowedBy(e) ? last.CommandStart : e.Version,
                    IsLastOfCommand = next is null || !e.IsFollowedBy(next),
                };
            }

            if (page.Length > 0)
            {
                yield return page;
            }
        }
        while (read.Count == PageSize);
    }

    private static Task<IReadOnlyList<ReceiptedEvent>> PageAsync(
        NpgsqlConnection snapshot, StreamSelection streams, ReceiptedEvent? after, ArchivedEvents archive, CancellationToken ct) =>
        streams.ListAsync(
            snapshot,
            $"""
            select {ReceiptedEvent.Columns}
            from {SchemaNames.Events}.mt_events e join {SchemaNames.Events}.mt_streams s on s.id = e.stream_id
            where {streams.OnEvents("e.stream_id", "e.version")} and s.type is not null and (e.stream_id, e.version) > ($3, $4)
            order by e.stream_id, e.version limit {PageSize}
            """,
            [after?.Stream ?? Guid.Empty, after?.Version ?? long.MinValue],
            row => ReceiptedEvent.Read(row, archive),
            ct);
}
