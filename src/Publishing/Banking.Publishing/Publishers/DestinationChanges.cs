using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Marten;
using Microsoft.Extensions.Logging;

namespace Banking.Publishing.Publishers;

/// <summary>
/// Finds changes of webhooks and requests of operators, which every host records in the log. So the leading host need not ask for them
/// while nothing is committed. Events are found by their type and not read: an unreadable one delays no request.
/// </summary>
public sealed class DestinationChanges(
    IDocumentStore store,
    ReadModelConnections connections,
    HighWaterMark highWaterMark,
    LogWatcher watcher,
    TimeProvider clock,
    ILogger<DestinationChanges> logger)
{
    /// <summary>Under load one query serves several commits.</summary>
    private static readonly TimeSpan MinInterval = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private readonly string _sql =
        $"select distinct stream_id from {store.Options.Events.DatabaseSchemaName}.mt_events "
        + "where seq_id > $1 and seq_id <= $2 and type = any($3)";

    /// <summary>Reports changes until it is cancelled.</summary>
    /// <param name="after">The position from which on changes are reported.</param>
    /// <param name="log">The log that the position belongs to.</param>
    /// <param name="report">Called with the streams that have new events; with null if a restore has replaced the log.</param>
    internal async Task FollowAsync(long after, string log, Action<IReadOnlyCollection<Guid>?> report, CancellationToken ct)
    {
        while (true)
        {
            await watcher.WaitAsync(after, Timeout.InfiniteTimeSpan, ct);
            var (server, complete) = (highWaterMark.Server, highWaterMark.Complete);
            try
            {
                if (server is not null && server != log)
                {
                    (log, after) = (server, complete);
                    report(null);
                }
                else if (server is not null && complete > after)
                {
                    var changed = await ReadAsync(after, complete, ct);
                    after = complete;
                    if (changed.Count > 0)
                    {
                        report(changed);
                    }
                }

                await Task.Delay(MinInterval, clock, ct);
            }
            catch (Exception failure) when (!ct.IsCancellationRequested)
            {
                logger.LogWarning(failure, "Cannot look for changes of destinations; retrying");
                await Task.Delay(RetryInterval, clock, ct);
            }
        }
    }

    private async Task<IReadOnlyCollection<Guid>> ReadAsync(long after, long upTo, CancellationToken ct)
    {
        await using var connection = await connections.OpenAsync(ct);
        return (await connection.ListAsync(
            _sql, [after, upTo, PublishingModule.StoredEventNames.ToArray()], row => row.GetGuid(0), ct)).ToHashSet();
    }
}
