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
/// <param name="Held">The pause with its operator, time and reason; absent if the destination is not paused.</param>
/// <param name="HeldTypes">Event types that are paused.</param>
/// <param name="LastError">The current problem; absent if there is none.</param>
/// <param name="BlockedAccounts">Accounts that are blocked because an event of theirs was rejected or is of a paused type.</param>
public sealed record DestinationView(
    string Name,
    string Kind,
    bool Configured,
    long Position,
    long Waiting,
    double OldestSeconds,
    double Rate,
    long Delivered,
    DestinationPauseView? Held,
    IReadOnlyList<string> HeldTypes,
    ErrorView? LastError,
    IReadOnlyList<BlockedAccountsView> BlockedAccounts);

/// <summary>A pause of publication.</summary>
public sealed record DestinationPauseView(DateTimeOffset At, string By, string Reason);

/// <summary>The current problem of a destination.</summary>
/// <param name="Attempts">Failed attempts in a row.</param>
public sealed record ErrorView(string Text, DateTimeOffset At, int Attempts);

/// <summary>Blocked accounts with the same cause.</summary>
/// <param name="Cause">held if the event's type is paused, or the cause of the rejection.</param>
public sealed record BlockedAccountsView(string Cause, long Accounts, DateTimeOffset Oldest);

/// <summary>All destinations.</summary>
/// <param name="Position">The high-water mark: the log is complete up to it, and the feed and destinations can reach it.</param>
/// <param name="End">The position of the last committed event, from which the backlog of destinations is measured.</param>
/// <param name="HeldBackBy">Open transactions that keep the high-water mark below the end of the log; empty if there are none.</param>
public sealed record OutboxState(long Position, long End, IReadOnlyList<LogBlocker> HeldBackBy, IReadOnlyList<DestinationView> Items);

/// <summary>The figures of a destination for metrics.</summary>
/// <param name="Blocked">Blocked accounts.</param>
internal sealed record DestinationFigures(string Name, long Waiting, double OldestSeconds, long Blocked);

/// <summary>How far destinations are behind the log.</summary>
/// <param name="Ages">Age in seconds of the first event after each checkpoint that is behind.</param>
internal sealed record Backlog(long Complete, long End, IReadOnlyList<LogBlocker> HeldBackBy, IReadOnlyDictionary<long, double> Ages)
{
    public long Waiting(long checkpoint) => Math.Max(0, End - checkpoint);

    public double OldestSeconds(long checkpoint) => Ages.GetValueOrDefault(checkpoint);
}

/// <summary>The state of publication, for operators, health checks and metrics.</summary>
public sealed class OutboxView(
    IEnumerable<IDestinationSource> sources,
    PublisherStore store,
    BlockedAccounts blocked,
    PublisherMetrics meter,
    HighWaterMark highWaterMark,
    LogEnd log,
    LogBlockers blockers,
    NpgsqlDataSource source,
    TimeProvider clock)
{
    // Many destinations are at the same position.
    private static readonly string FirstAfter =
        $"""
        select p.position, (select {StoredEvents.Time("e.timestamp")} from {SchemaNames.Events}.mt_events e
            where e.seq_id > p.position and not e.is_archived order by e.seq_id limit 1)
        from (select distinct position from {PublisherStore.Table} where position < $1) p
        """;

    /// <summary>The state of these destinations; of all if no names are given.</summary>
    public async Task<OutboxState> LookAsync(CancellationToken ct, IReadOnlyCollection<string>? names = null)
    {
        var backlog = await ReadBacklogAsync(ct);
        return await StateAsync(backlog, await store.AllAsync(names, ct), ct);
    }

    /// <summary>The state of the destinations that are paused, have a problem or blocked accounts, or are so far behind.</summary>
    internal async Task<OutboxState> FindTroubledAsync(double maxAgeSeconds, CancellationToken ct)
    {
        var backlog = await ReadBacklogAsync(ct);
        long[] old = [.. backlog.Ages.Where(a => a.Value > maxAgeSeconds).Select(a => a.Key)];
        return await StateAsync(backlog, await store.TroubledAsync(old, ct), ct);
    }

    /// <summary>How far each destination is behind, and its number of blocked accounts.</summary>
    internal async Task<IReadOnlyList<DestinationFigures>> MeasureAsync(CancellationToken ct)
    {
        var backlog = await ReadBacklogAsync(ct);
        var counts = (await blocked.CountAsync(null, ct)).ToLookup(c => c.Publisher);
        return [.. (await store.CheckpointsAsync(ct)).Select(c =>
            new DestinationFigures(
                c.Name, backlog.Waiting(c.Position), backlog.OldestSeconds(c.Position), counts[c.Name].Sum(b => b.Accounts)))];
    }

    private async Task<Backlog> ReadBacklogAsync(CancellationToken ct)
    {
        var complete = await highWaterMark.LookAsync(ct);
        var end = Math.Max(complete, await log.ReadAsync(ct));
        return new(complete, end, end > complete ? await blockers.ListAsync(ct) : [], await ReadAgesAsync(end, ct));
    }

    private async Task<OutboxState> StateAsync(Backlog backlog, IReadOnlyList<PublisherRow> rows, CancellationToken ct)
    {
        var counts = (await blocked.CountAsync(null, ct)).ToLookup(c => c.Publisher);
        var configured = new HashSet<string>();
        foreach (var one in rows.Count == 0 ? [] : sources)
        {
            configured.UnionWith(await one.FindNamesAsync([.. rows.Select(r => r.Name)], ct));
        }

        return new(backlog.Complete, backlog.End, backlog.HeldBackBy, [.. rows.Select(row => new DestinationView(
            row.Name,
            row.Kind,
            configured.Contains(row.Name),
            row.Position,
            backlog.Waiting(row.Position),
            backlog.OldestSeconds(row.Position),
            meter.Rate(row.Name),
            row.Delivered,
            row.Pause is { } pause ? new(pause.At, pause.By, pause.Reason) : null,
            row.PausedTypes,
            row.Problem is { } problem ? new(problem.Text, problem.At, problem.Attempts) : null,
            [.. counts[row.Name].Select(c => new BlockedAccountsView(c.Cause, c.Accounts, c.Oldest))]))]);
    }

    private async Task<Dictionary<long, double>> ReadAgesAsync(long end, CancellationToken ct)
    {
        var events = await source.ListAsync(
            FirstAfter, [end], row => (Position: row.GetInt64(0), Recorded: row.GetOrDefault<DateTimeOffset?>(1)), ct);
        return events.Where(e => e.Recorded is not null).ToDictionary(
            e => e.Position, e => Math.Max(0, Math.Round((clock.GetUtcNow() - e.Recorded!.Value).TotalSeconds, 3)));
    }
}
