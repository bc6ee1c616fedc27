using Banking.EventStore.Log;
using Banking.Publishing.Log;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banking.Publishing.Publishers;

/// <summary>
/// Delivers the log to one destination, in its order. The log itself is what is to be sent, and one number says how far it was: so nothing
/// is written twice, nothing can be lost between two tables, and whatever happens, it goes on from a place before which everything has
/// arrived. Each event may arrive again; the first time, those of one account arrive in order.
/// </summary>
internal sealed partial class Publisher(
    DestinationSpec spec,
    PublisherStore store,
    PublisherControl control,
    BlockedAccounts waiting,
    PublicLog log,
    LogWatcher watch,
    PublisherSignals signals,
    PublisherMetrics meter,
    NpgsqlDataSource source,
    TimeProvider clock,
    ILogger<Publisher> logger)
{
    /// <summary>How often a lane looks for what people asked for, where nobody told it.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private const int Accounts = 100;
    private const int EventsOfAccount = 500;

    private Destination? _destination;
    private HashSet<Guid> _waiting = [];
    private string? _said;
    private long _epoch;
    private Task _saying = Task.CompletedTask;
    private long _looked;

    /// <summary>Until it is stopped, or another host turns out to lead.</summary>
    public async Task RunAsync(CancellationToken ct)
    {
        var begun = await store.OpenAsync(spec, ct);
        // What failed in a row counts on where another host, or this one before, left off.
        var failures = begun.Trouble?.Attempts ?? 0;
        _said = begun.Trouble?.Text;
        _epoch = await store.TakeOverAsync(spec.Name, ct);
        _waiting = await waiting.AccountsAsync(spec.Name, ct);
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
                    // Held it waits for somebody who lets it go on, whatever comes meanwhile.
                    await WaitAsync(row.Held is null ? row.Position : long.MaxValue, ct);
                }
                catch (DestinationUnavailableException away)
                {
                    failures = away.Progressed ? 1 : failures + 1;
                    await CloseAsync();
                    await SayAsync(away.Message, failures, ct);
                    if (away.Parks || failures >= spec.RetryPolicy.Failures)
                    {
                        await control.ParkAsync(spec.Name, away.Message, ct);
                    }
                    else
                    {
                        await RestAsync(
                            away.RetryAfter is { } asked && asked > spec.RetryPolicy.First ? asked : spec.RetryPolicy.After(failures), ct);
                    }
                }
            }
        }
        catch (Exception failure) when (failure is not (OperationCanceledException or CheckpointMovedException))
        {
            // Nothing that a destination says: whoever runs this lane begins it anew, and operators see why.
            await SayQuietlyAsync($"{failure.GetType().Name}: {failure.Message}", ct);
            throw;
        }
        finally
        {
            await CloseAsync();
        }
    }

    /// <summary>
    /// Where the lane is, as long as it is this one's: what waits is known here only of the time since it was taken over.
    /// </summary>
    private async Task<PublisherRow> FindAsync(CancellationToken ct)
    {
        var row = await store.FindAsync(spec.Name, ct) ?? throw new InvalidOperationException($"The lane {spec.Name} is gone.");
        return row.Epoch == _epoch ? row : throw new CheckpointMovedException(spec.Name);
    }

    /// <returns>Whether there is nothing to do just now.</returns>
    private async Task<bool> StepAsync(PublisherRow row, CancellationToken ct)
    {
        if (row.Held is not null)
        {
            return true;
        }

        await ReleaseAsync(row, ct);
        var page = await log.ReadAsync(row.Position, ct);
        if (page.End == row.Position)
        {
            return true;
        }

        _destination ??= await OpenAsync(ct);
        var (due, held) = Sort(row, page.Events);
        var move = new CheckpointMove(row.Name, _epoch, row.Position, page.End, due.Count, clock.GetUtcNow(), page.Log);
        if (_destination is ITransactionalDestination transactional && held.Count == 0)
        {
            await transactional.StoreAsync(due, move, ct);
            _said = null;
            meter.Delivered(row.Name, due);
            return false;
        }

        var rejected = await DeliverAsync(due, ct);
        var behind = Behind(due, rejected);
        await CommitAsync(
            async transaction =>
            {
                await (move with { Delivered = due.Count - behind, At = clock.GetUtcNow() }).RunAsync(transaction, ct);
                await waiting.AddAsync(transaction, row.Name, [.. held, .. rejected], ct);
            },
            ct);
        _said = null;
        var waitNow = held.Concat(rejected).Select(r => r.Event.Stream).ToHashSet();
        _waiting.UnionWith(waitNow);
        meter.Delivered(row.Name, rejected.Count == 0 ? due : [.. due.Where(e => !waitNow.Contains(e.Stream))]);
        return false;
    }

    /// <summary>What is to be delivered of a page, and the first events of accounts that have to wait for a held type.</summary>
    private (List<PublicEvent> Due, List<Rejected> Held) Sort(PublisherRow row, IReadOnlyList<PublicEvent> events)
    {
        var due = new List<PublicEvent>(events.Count);
        var held = new List<Rejected>();
        var holds = new HashSet<Guid>();
        foreach (var e in events.Where(e => _destination!.Wants(e) && !_waiting.Contains(e.Stream) && !holds.Contains(e.Stream)))
        {
            if (row.HeldTypes.Contains(e.Type))
            {
                holds.Add(e.Stream);
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

        var rejected = await _destination!.DeliverAsync(due, trouble => _saying = SayQuietlyAsync(trouble, ct), ct);
        // What is still being written down about it must not come after what follows.
        await _saying;
        if (_said is not null)
        {
            await store.SayAsync(spec.Name, null, 0, ct);
            _said = null;
        }

        return rejected;
    }

    /// <summary>Events that were due and are not delivered, because an earlier one of their account was rejected.</summary>
    private static int Behind(List<PublicEvent> due, IReadOnlyList<Rejected> rejected)
    {
        var first = rejected.ToDictionary(r => r.Event.Stream, r => r.Event.Position);
        return due.Count(e => first.TryGetValue(e.Stream, out var position) && e.Position >= position);
    }

    private static Rejected Held(PublicEvent e) => new(e, BlockedAccounts.HeldCause, "Events of this type are held back.");

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
            throw new DestinationUnavailableException($"It cannot be opened: {failure.Message}", failure);
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
