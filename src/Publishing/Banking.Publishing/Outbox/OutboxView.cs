using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.Publishing.Publishers;
using Npgsql;

namespace Banking.Publishing.Outbox;

/// <summary>A destination as operators see it.</summary>
/// <param name="Kind">kafka, rabbitmq, webhook, modules.</param>
/// <param name="Configured">Whether this host has it configured. A destination that is no longer configured keeps its checkpoint, in case
/// it is configured again.</param>
/// <param name="Position">The checkpoint: every event up to this position was delivered, or its account is blocked.</param>
/// <param name="Waiting">Number of positions between the checkpoint and the end of the log.</param>
/// <param name="OldestSeconds">Age in seconds of the oldest event that is not delivered; 0 if all are delivered.</param>
/// <param name="Rate">Events per second that the answering host delivered in the last ten seconds.</param>
/// <param name="Delivered">Events delivered since the destination was configured.</param>
/// <param name="Held">The hold with its operator, time and reason; absent if the destination is not held.</param>
/// <param name="HeldTypes">Event types that are held.</param>
/// <param name="LastError">The current problem; absent if there is none.</param>
/// <param name="WaitingAccounts">Accounts that are blocked because an event of theirs was rejected or is of a held type.</param>
public sealed record DestinationView(
    string Name,
    string Kind,
    bool Configured,
    long Position,
    long Waiting,
    double OldestSeconds,
    double Rate,
    long Delivered,
    HoldView? Held,
    IReadOnlyList<string> HeldTypes,
    ErrorView? LastError,
    IReadOnlyList<WaitingView> WaitingAccounts);

/// <summary>A hold on publication.</summary>
public sealed record HoldView(DateTimeOffset At, string By, string Reason);

/// <summary>The current problem of a destination.</summary>
/// <param name="Attempts">Failed attempts in a row.</param>
public sealed record ErrorView(string Text, DateTimeOffset At, int Attempts);

/// <summary>Blocked accounts with the same cause.</summary>
/// <param name="Cause">held, or the cause of the rejection.</param>
public sealed record WaitingView(string Cause, long Accounts, DateTimeOffset Oldest);

/// <summary>All destinations.</summary>
/// <param name="Position">The high-water mark: the log is complete up to it, and the feed and destinations can reach it.</param>
/// <param name="End">The position of the last committed event, from which the backlog of destinations is measured.</param>
/// <param name="HeldBackBy">Open transactions that keep the high-water mark below the end of the log; empty if there are none.</param>
public sealed record OutboxState(long Position, long End, IReadOnlyList<LogBlocker> HeldBackBy, IReadOnlyList<DestinationView> Items);

/// <summary>The state of publication, for operators, health checks and metrics.</summary>
public sealed class OutboxView(
    IEnumerable<IDestinationSource> sources,
    PublisherStore store,
    BlockedAccounts blocked,
    PublisherMetrics meter,
    HighWaterMark highWaterMark,
    LogEnd log,
    LogBlockers holders,
    NpgsqlDataSource source,
    TimeProvider clock)
{
    public async Task<OutboxState> LookAsync(CancellationToken ct)
    {
        var complete = await highWaterMark.LookAsync(ct);
        var end = Math.Max(complete, await log.ReadAsync(ct));
        var heldBackBy = end > complete ? await holders.ListAsync(ct) : [];
        var counts = (await blocked.CountAsync(null, ct)).ToLookup(c => c.Publisher);
        var configured = new HashSet<string>();
        foreach (var one in sources)
        {
            configured.UnionWith((await one.ListAsync(ct)).Select(s => s.Name));
        }

        var items = new List<DestinationView>();
        foreach (var row in await store.AllAsync(null, ct))
        {
            items.Add(
                new(
                    row.Name,
                    row.Kind,
                    configured.Contains(row.Name),
                    row.Position,
                    Math.Max(0, end - row.Position),
                    row.Position >= end ? 0 : await AgeAsync(row.Position, ct),
                    meter.Rate(row.Name),
                    row.Delivered,
                    row.Held is { } held ? new(held.At, held.By, held.Reason) : null,
                    row.HeldTypes,
                    row.Problem is { } problem ? new(problem.Text, problem.At, problem.Attempts) : null,
                    [.. counts[row.Name].Select(c => new WaitingView(c.Cause, c.Accounts, c.Oldest))]));
        }

        return new(complete, end, heldBackBy, items);
    }

    private async Task<double> AgeAsync(long position, CancellationToken ct)
    {
        await using var command = source.CreateCommand(
            $"select timestamp from {SchemaNames.Events}.mt_events where seq_id > $1 and not is_archived order by seq_id limit 1");
        command.Parameters.Add(new() { Value = position });
        return await command.ExecuteScalarAsync(ct) is DateTime recorded
            ? Math.Max(0, Math.Round((clock.GetUtcNow().UtcDateTime - recorded).TotalSeconds, 3))
            : 0;
    }
}
