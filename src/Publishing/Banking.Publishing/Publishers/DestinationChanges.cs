using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Marten;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.Publishing.Publishers;

/// <summary>
/// Finds changes of webhooks and requests of operators, which every host records in the log. So the leading host need not ask for them
/// while nothing is committed. Events are found by their type and not read: an unreadable one holds no request up.
/// </summary>
public sealed class DestinationChanges(
    IDocumentStore store,
    ReadModelConnections connections,
    HighWaterMark highWaterMark,
    LogWatcher watch,
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
            await watch.WaitAsync(after, Timeout.InfiniteTimeSpan, ct);
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
        await using var command = new NpgsqlCommand(_sql, connection);
        command.Parameters.Add(new() { Value = after });
        command.Parameters.Add(new() { Value = upTo });
        command.Parameters.Add(new() { Value = PublishingModule.StoredEventNames.ToArray() });
        await using var reader = await command.ExecuteReaderAsync(ct);
        var streams = new HashSet<Guid>();
        while (await reader.ReadAsync(ct))
        {
            streams.Add(reader.GetGuid(0));
        }

        return streams;
    }
}
