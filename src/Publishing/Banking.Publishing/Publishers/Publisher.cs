using Banking.EventStore.Log;
using Banking.Publishing.Log;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.Publishing.Publishers;

/// <summary>
/// Delivers the log to one destination, in order. The log is the outbox, and a checkpoint stores the position up to which all events have
/// arrived: no event is written twice, and none can be lost between two tables. After a failure delivery restarts at the checkpoint. An
/// event may arrive more than once; first deliveries of one account's events arrive in order.
/// </summary>
internal sealed partial class Publisher(
    DestinationSpec spec,
    PublisherStore store,
    PublisherControl control,
    BlockedAccounts blocked,
    PublicLog log,
    LogWatcher watch,
    PublisherSignals signals,
    PublisherMetrics meter,
    NpgsqlDataSource source,
    TimeProvider clock,
    ILogger<Publisher> logger)
{
    /// <summary>How often the publisher checks for requests of operators made on other hosts.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private const int MaxReleasedAccounts = 100;
    private const int MaxEventsOfAccount = 500;

    private Destination? _destination;
    private HashSet<Guid> _blocked = [];
    private string? _reportedProblem;
    private long _epoch;
    private Task _reporting = Task.CompletedTask;
    private long _checkedReleasesAt;

    /// <summary>Runs until it is stopped, or until another host takes the publisher over.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        var stored = await store.OpenAsync(spec, ct);
        // The count of failures in a row continues after a restart or a change of host.
        var failures = stored.Problem?.Attempts ?? 0;
        _reportedProblem = stored.Problem?.Text;
        _epoch = await store.TakeOverAsync(spec.Name, ct);
        _blocked = await blocked.ListAccountIdsAsync(spec.Name, ct);
        try
        {
            while (true)
            {
                try
                {
                    var row = await FindAsync(ct);
                    while (!await StepAsync(row, ct))
                    {
                        failures = 0;
                        row = await FindAsync(ct);
                    }

                    failures = 0;
                    // A held destination waits for its release, not for new events.
                    await WaitAsync(row.Held is null ? row.Position : long.MaxValue, ct);
                }
                catch (DestinationUnavailableException unavailable)
                {
                    failures = unavailable.HasProgressed ? 1 : failures + 1;
                    await HandleAsync(unavailable, failures, ct);
                }
            }
        }
        catch (Exception failure) when (failure is not (OperationCanceledException or CheckpointMovedException))
        {
            // A failure of the publisher itself: the publisher host starts it again, and operators see the cause.
            await TryReportProblemAsync($"{failure.GetType().Name}: {failure.Message}", ct);
            throw;
        }
        finally
        {
            await CloseAsync();
        }
    }

    /// <summary>Reports an unavailable destination, then backs off, or holds it after too many failures.</summary>
    private async Task HandleAsync(DestinationUnavailableException unavailable, int failures, CancellationToken ct)
    {
        await CloseAsync();
        await ReportProblemAsync(unavailable.Message, failures, ct);
        if (unavailable.RequiresHold || failures >= spec.RetryPolicy.MaxFailures)
        {
            await control.HoldByBankAsync(spec.Name, unavailable.Message, ct);
            return;
        }

        var requested = unavailable.RetryAfter;
        await BackOffAsync(requested > spec.RetryPolicy.FirstDelay ? requested.Value : spec.RetryPolicy.DelayAfter(failures), ct);
    }

    /// <summary>
    /// The stored publisher, while this host owns it: the set of blocked accounts is right only for the epoch it was read in.
    /// </summary>
    private async Task<PublisherRow> FindAsync(CancellationToken ct)
    {
        var row = await store.FindAsync(spec.Name, ct)
            ?? throw new InvalidOperationException($"The row of the publisher {spec.Name} is missing.");
        return row.Epoch == _epoch ? row : throw new CheckpointMovedException(spec.Name);
    }

    /// <returns>Whether there is nothing to do now.</returns>
    private async Task<bool> StepAsync(PublisherRow row, CancellationToken ct)
    {
        if (row.Held is not null)
        {
            return true;
        }

        await ReleaseAccountsAsync(row, ct);
        var page = await log.ReadAsync(row.Position, ct);
        if (page.End == row.Position)
        {
            return true;
        }

        _destination ??= await OpenAsync(ct);
        var (due, held) = SplitHeld(row, page.Events);
        var move = new CheckpointMove(row.Name, _epoch, row.Position, page.End, due.Count, clock.GetUtcNow(), page.Log);
        if (_destination is ITransactionalDestination transactional && held.Count == 0)
        {
            await transactional.StoreAsync(due, move, ct);
            _reportedProblem = null;
            meter.RecordDelivery(row.Name, due);
            return false;
        }

        var rejected = await DeliverAsync(due, ct);
        var undelivered = CountUndelivered(due, rejected);
        await CommitAsync(
            async transaction =>
            {
                await (move with { Delivered = due.Count - undelivered, At = clock.GetUtcNow() }).RunAsync(transaction, ct);
                await blocked.AddAsync(transaction, row.Name, [.. held, .. rejected], ct);
            },
            ct);
        _reportedProblem = null;
        var nowBlocked = held.Concat(rejected).Select(r => r.Event.Stream).ToHashSet();
        _blocked.UnionWith(nowBlocked);
        meter.RecordDelivery(row.Name, rejected.Count == 0 ? due : [.. due.Where(e => !nowBlocked.Contains(e.Stream))]);
        return false;
    }

    /// <summary>Splits a page into the events to deliver and the first held event of each account that it blocks.</summary>
    private (List<PublicEvent> Due, List<Rejected> Held) SplitHeld(PublisherRow row, IReadOnlyList<PublicEvent> events)
    {
        var due = new List<PublicEvent>(events.Count);
        var held = new List<Rejected>();
        var newlyBlocked = new HashSet<Guid>();
        foreach (var e in events.Where(e => _destination!.Wants(e) && !_blocked.Contains(e.Stream) && !newlyBlocked.Contains(e.Stream)))
        {
            if (row.HeldTypes.Contains(e.Type))
            {
                newlyBlocked.Add(e.Stream);
                held.Add(Held(e));
            }
            else
            {
                due.Add(e);
            }
        }

        return (due, held);
    }

    private async Task<IReadOnlyList<Rejected>> DeliverAsync(List<PublicEvent> due, CancellationToken ct)
    {
        if (due.Count == 0)
        {
            return [];
        }

        var rejected = await _destination!.DeliverAsync(due, problem => _reporting = TryReportProblemAsync(problem, ct), ct);
        // A problem that is still being stored must not overwrite the result of this delivery.
        await _reporting;
        if (_reportedProblem is not null)
        {
            await store.SetProblemAsync(spec.Name, null, 0, ct);
            _reportedProblem = null;
        }

        return rejected;
    }

    /// <summary>
    /// The number of due events that were not delivered, because they or an earlier event of their account were rejected.
    /// </summary>
    private static int CountUndelivered(List<PublicEvent> due, IReadOnlyList<Rejected> rejected)
    {
        var first = rejected.ToDictionary(r => r.Event.Stream, r => r.Event.Position);
        return due.Count(e => first.TryGetValue(e.Stream, out var position) && e.Position >= position);
    }

    private static Rejected Held(PublicEvent e) => new(e, BlockedAccounts.HeldCause, "Events of this type are held.");

    private async Task CommitAsync(Func<NpgsqlTransaction, Task> write, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await write(transaction);
        await transaction.CommitAsync(ct);
    }

    private async Task<Destination> OpenAsync(CancellationToken ct)
    {
        try
        {
            return await spec.Open(ct);
        }
        catch (Exception failure) when (failure is not (DestinationUnavailableException or OperationCanceledException))
        {
            throw new DestinationUnavailableException($"The destination cannot be opened: {failure.Message}", failure);
        }
    }

    private async Task CloseAsync()
    {
        if (_destination is { } open)
        {
            _destination = null;
            await open.DisposeAsync();
        }
    }

    private async Task WaitAsync(long position, CancellationToken ct) => await Task.WhenAny(
        watch.WaitAsync(position, Pause, ct), signals.WaitAsync(spec.Name, Pause, ct)).Unwrap();
}
