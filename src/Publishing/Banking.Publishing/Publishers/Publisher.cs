using Banking.Publishing.Log;
using Npgsql;

namespace Banking.Publishing.Publishers;

/// <summary>
/// Delivers the log to one destination, in order. The log is the outbox, and a checkpoint stores the position up to which all events have
/// arrived: no event is written twice, and none can be lost between two tables. After a failure delivery restarts at the checkpoint. An
/// event may arrive more than once; first deliveries of one account's events arrive in order.
/// <para>It runs while it has something to do (<see cref="PublisherScheduler"/>). The position that it has reached may be ahead of the
/// checkpoint by events that the destination does not take.</para>
/// </summary>
/// <param name="turn">Limits how many publishers use the database at a time. A publisher has no turn while its destination takes
/// events.</param>
internal sealed partial class Publisher(
    DestinationSpec spec, OpenedPublisher opened, SemaphoreSlim turn, PublisherServices services) : IAsyncDisposable
{
    /// <summary>A publisher that finds nothing to deliver for so many positions stores its checkpoint while it reads on.</summary>
    private const long MaxUnstored = 20_000;

    private const int MaxReleasedAccounts = 100;
    private const int MaxEventsOfAccount = 500;

    /// <summary>The position from which on the events of each blocked account wait.</summary>
    private readonly Dictionary<Guid, long> _blocked = opened.Blocked.ToDictionary();

    private Destination? _destination;

    // The count of failures in a row continues after a restart or a change of host.
    private int _failures = opened.Row.Problem?.Attempts ?? 0;
    private Task _reporting = Task.CompletedTask;

    // Releases may have been requested before this host took over.
    private volatile bool _mustCheckReleases = true;

    public string Name => spec.Name;

    /// <summary>The number of the takeover: what another host has stored since is not this publisher's.</summary>
    public long Epoch { get; } = opened.Row.Epoch;

    /// <summary>The log that its positions belong to.</summary>
    public string Log => opened.Log;

    /// <summary>The checkpoint, as this host stored it last.</summary>
    public long StoredPosition { get; private set; } = opened.Row.Position;

    /// <summary>Up to this position there is nothing left to deliver.</summary>
    public long Position { get; private set; } = opened.Row.Position;

    /// <summary>The stored problem; null if there is none.</summary>
    public string? ReportedProblem { get; private set; } = opened.Row.Problem?.Text;

    public bool HasBlockedAccounts => _blocked.Count > 0;

    /// <summary>Skips events that the destination does not take.</summary>
    public void SkipTo(long position) => Position = Math.Max(Position, position);

    /// <summary>The checkpoint was moved to a position up to which there is nothing to deliver.</summary>
    public void CheckpointMovedTo(long position)
    {
        (StoredPosition, ReportedProblem) = (position, null);
        SkipTo(position);
    }

    /// <summary>A problem was stored.</summary>
    public void Reported(string? problem) => ReportedProblem = problem;

    /// <summary>An operator may have released blocked accounts, or a type of event.</summary>
    public void CheckReleases() => _mustCheckReleases = true;

    /// <summary>Delivers until nothing is left to do now.</summary>
    /// <exception cref="CheckpointMovedException">The publisher must be opened again.</exception>
    public async Task<PublisherRest> RunAsync(CancellationToken ct)
    {
        await turn.WaitAsync(ct);
        try
        {
            var isPaused = !await DeliverAsync(ct);
            _failures = 0;
            return isPaused ? PublisherRest.Paused : PublisherRest.Idle;
        }
        catch (DestinationUnavailableException unavailable)
        {
            _failures = unavailable.HasProgressed ? 1 : _failures + 1;
            return await HandleAsync(unavailable, ct);
        }
        catch (Exception failure) when (failure is not (OperationCanceledException or CheckpointMovedException))
        {
            // A failure of the publisher itself: the scheduler opens it again, and operators see the cause.
            await TryReportProblemAsync($"{failure.GetType().Name}: {failure.Message}", ct);
            throw;
        }
        finally
        {
            turn.Release();
        }
    }

    public async ValueTask DisposeAsync() => await CloseAsync();

    /// <returns>False if the destination is paused.</returns>
    private async Task<bool> DeliverAsync(CancellationToken ct)
    {
        for (var row = await FindAsync(ct); row.Pause is null; row = await FindAsync(ct))
        {
            await ReleaseAccountsAsync(row, ct);
            var page = await ReadNextAsync(ct);
            if (page.End == Position)
            {
                return true;
            }

            await DeliverAsync(row, page, ct);
            _failures = 0;
        }

        return false;
    }

    /// <summary>Reports an unavailable destination, then backs off, or pauses it after too many failures.</summary>
    private async Task<PublisherRest> HandleAsync(DestinationUnavailableException unavailable, CancellationToken ct)
    {
        await CloseAsync();
        await ReportProblemAsync(unavailable.Message, _failures, ct);
        if (unavailable.RequiresPause || _failures >= spec.RetryPolicy.MaxFailures)
        {
            await services.Control.PauseByBankAsync(spec.Name, unavailable.Message, ct);
            _failures = 0;
            return PublisherRest.Paused;
        }

        return PublisherRest.Retry(spec.RetryPolicy.DelayAfter(_failures, unavailable.RetryAfter));
    }

    /// <summary>
    /// The stored publisher, while this host owns it: the set of blocked accounts is right only for the epoch it was read in.
    /// </summary>
    private async Task<PublisherRow> FindAsync(CancellationToken ct)
    {
        var row = await services.Store.FindAsync(spec.Name, ct)
            ?? throw new InvalidOperationException($"The row of the publisher {spec.Name} is missing.");
        return row.Epoch == Epoch && row.Position == StoredPosition ? row : throw new CheckpointMovedException(spec.Name);
    }

    /// <summary>Reads the next page with an event that the destination takes; the page is empty at the end of the log.</summary>
    private async Task<PublicPage> ReadNextAsync(CancellationToken ct)
    {
        while (true)
        {
            var page = await services.Log.ReadAsync(Position, ct);
            if (page.Log is { } log && log != Log)
            {
                throw new CheckpointMovedException(spec.Name);
            }

            if (page.End == Position || page.Events.Any(spec.Filter.Takes) || page.End - StoredPosition > MaxUnstored)
            {
                return page;
            }

            Position = page.End;
            // Far behind, there may be many such pages.
            await GiveTurnAsync(() => Task.CompletedTask);
        }
    }

    private async Task DeliverAsync(PublisherRow row, PublicPage page, CancellationToken ct)
    {
        var taken = page.Events.Where(spec.Filter.Takes).ToList();
        if (taken.Count > 0)
        {
            _destination ??= await OpenAsync(ct);
        }

        var (due, undeliverable) = Split(row, taken);
        var move = new CheckpointMove(row.Name, Epoch, row.Position, page.End, due.Count, services.Clock.GetUtcNow(), page.Log);
        if (_destination is ITransactionalDestination transactional && undeliverable.Count == 0)
        {
            await transactional.StoreAsync(due, move, ct);
            CheckpointMovedTo(page.End);
            services.Meter.RecordDelivery(row.Name, due);
            return;
        }

        var rejected = await DeliverAsync(due, ct);
        var undelivered = CountUndelivered(due, rejected);
        await CommitAsync(
            async transaction =>
            {
                await (move with { Delivered = due.Count - undelivered, At = services.Clock.GetUtcNow() }).RunAsync(transaction, ct);
                await services.Blocked.AddAsync(transaction, row.Name, [.. undeliverable, .. rejected], ct);
            },
            ct);
        CheckpointMovedTo(page.End);
        Block([.. undeliverable, .. rejected]);
        var nowBlocked = undeliverable.Concat(rejected).Select(r => r.Event.Stream).ToHashSet();
        services.Meter.RecordDelivery(row.Name, rejected.Count == 0 ? due : [.. due.Where(e => !nowBlocked.Contains(e.Stream))]);
    }

    private async Task<IReadOnlyList<Rejected>> DeliverAsync(List<PublicEvent> due, CancellationToken ct)
    {
        if (due.Count == 0)
        {
            return [];
        }

        IReadOnlyList<Rejected> rejected = [];
        await GiveTurnAsync(async () =>
            rejected = await _destination!.DeliverAsync(due, problem => _reporting = TryReportProblemAsync(problem, ct), ct));
        // A problem that is still being stored must not overwrite the result of this delivery.
        await _reporting;
        if (ReportedProblem is not null)
        {
            await services.Store.SetProblemAsync([spec.Name], null, 0, ct);
            ReportedProblem = null;
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

    private async Task CommitAsync(Func<NpgsqlTransaction, Task> write, CancellationToken ct)
    {
        await using var connection = await services.Source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await write(transaction);
        await transaction.CommitAsync(ct);
    }

    /// <summary>Lets other publishers use the database meanwhile.</summary>
    private async Task GiveTurnAsync(Func<Task> action)
    {
        turn.Release();
        try
        {
            await action();
        }
        finally
        {
            await turn.WaitAsync(CancellationToken.None);
        }
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
}
