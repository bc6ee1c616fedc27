using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.Publishing.Publishers;
using Npgsql;

namespace Banking.Publishing.Outbox;

/// <summary>A destination as operators see it.</summary>
/// <param name="Kind">kafka, rabbitmq, webhook, modules.</param>
/// <param name="Configured">Whether this host still knows it; what is not configured any more keeps its place, should it come back.</param>
/// <param name="Position">Everything up to here was delivered, or waits with its account.</param>
/// <param name="Waiting">Positions of the log behind its end.</param>
/// <param name="OldestSeconds">How long ago the first event was recorded that it has not delivered; 0 where it has delivered all.</param>
/// <param name="Rate">Events a second over the last ten seconds, by the host that answers.</param>
/// <param name="Delivered">Events delivered since it was configured.</param>
/// <param name="Held">Who holds it, since when and why; absent where it goes on.</param>
/// <param name="HeldTypes">Types of event that are held back.</param>
/// <param name="LastError">What is in the way, in plain words; absent where nothing is.</param>
/// <param name="WaitingAccounts">Accounts that wait, because an event of theirs was rejected or is held.</param>
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

/// <summary>Publication stands still.</summary>
public sealed record HoldView(DateTimeOffset At, string By, string Reason);

/// <summary>What is in the way.</summary>
/// <param name="Attempts">In a row, without success.</param>
public sealed record ErrorView(string Text, DateTimeOffset At, int Attempts);

/// <summary>Accounts that wait for the same cause.</summary>
/// <param name="Cause">held, or why an event was rejected.</param>
public sealed record WaitingView(string Cause, long Accounts, DateTimeOffset Oldest);

/// <summary>All destinations.</summary>
/// <param name="Position">How far the log is complete: how far the feed goes, and destinations can be.</param>
/// <param name="End">The position of the last committed event: what destinations are measured against.</param>
/// <param name="HeldBackBy">Open transactions that keep the log from being complete up to its end; empty where it is.</param>
public sealed record OutboxState(long Position, long End, IReadOnlyList<LogBlocker> HeldBackBy, IReadOnlyList<DestinationView> Items);

/// <summary>How publication is doing, for people, health and metrics.</summary>
public sealed class OutboxView(
    IEnumerable<IDestinationSource> sources,
    PublisherStore store,
    BlockedAccounts waiting,
    PublisherMetrics meter,
    HighWaterMark mark,
    LogEnd log,
    LogBlockers holders,
    NpgsqlDataSource source,
    TimeProvider clock)
{
    public async Task<OutboxState> LookAsync(CancellationToken ct)
    {
        var complete = await mark.LookAsync(ct);
        var end = Math.Max(complete, await log.ReadAsync(ct));
        var heldBackBy = end > complete ? await holders.ListAsync(ct) : [];
        var counts = (await waiting.CountAsync(null, ct)).ToLookup(c => c.Publisher);
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
                    row.Trouble is { } trouble ? new(trouble.Text, trouble.At, trouble.Attempts) : null,
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
