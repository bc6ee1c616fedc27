using Banking.EventStore.Log;
using Banking.Publishing.Log;
using Banking.Publishing.Publishers;

namespace Banking.Publishing.Outbox;

/// <summary>How far a destination is with one event.</summary>
public enum DeliveryState
{
    /// <summary>The destination acknowledged it, or an operator moved the checkpoint past it.</summary>
    Acknowledged,

    /// <summary>The checkpoint has not reached it: it is delivered later.</summary>
    Waiting,

    /// <summary>The destination rejected it or an earlier event of its account, or its type is held.</summary>
    Blocked,

    /// <summary>An operator discarded it: the destination does not receive it.</summary>
    Discarded,

    /// <summary>The destination began after it, and does not receive it.</summary>
    BeforeStart,
}

/// <summary>What became of one event at one destination.</summary>
/// <param name="Kind">kafka, rabbitmq, webhook or modules: the modules of this bank.</param>
/// <param name="Checkpoint">The position up to which the destination has the log; absent if it never started.</param>
public sealed record DeliveryView(string Destination, string Kind, DeliveryState State, long? Checkpoint);

/// <summary>Finds out which destinations have an event, by their checkpoints, blocked accounts and discarded events.</summary>
public sealed class EventDeliveries(
    IEnumerable<IDestinationSource> sources, PublisherStore publishers, BlockedAccounts blocked, EventReader events)
{
    /// <summary>What became of an event at each destination whose filter takes it.</summary>
    public async Task<IReadOnlyList<DeliveryView>> FindAsync(PublicEvent e, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(e);
        var specs = new List<DestinationSpec>();
        foreach (var source in sources)
        {
            specs.AddRange((await source.ListAsync(ct)).Where(s => s.Filter.Takes(e)));
        }

        var rows = (await publishers.AllAsync([.. specs.Select(s => s.Name)], ct)).ToDictionary(r => r.Name);
        var views = new List<DeliveryView>();
        foreach (var spec in specs.OrderBy(s => s.Name, StringComparer.Ordinal))
        {
            var row = rows.GetValueOrDefault(spec.Name);
            views.Add(new(spec.Name, spec.Kind, await StateAsync(spec, row, e, ct), row?.Position));
        }

        return views;
    }

    private async Task<DeliveryState> StateAsync(DestinationSpec spec, PublisherRow? row, PublicEvent e, CancellationToken ct) =>
        row is null ? DeliveryState.Waiting
        : e.Position <= row.StartPosition ? DeliveryState.BeforeStart
        : await blocked.IsBlockedAsync(spec.Name, e.Stream, e.Position, ct) ? DeliveryState.Blocked
        : e.Position > row.Position ? DeliveryState.Waiting
        : await IsDiscardedAsync(spec.Name, e, ct) ? DeliveryState.Discarded
        : DeliveryState.Acknowledged;

    private async Task<bool> IsDiscardedAsync(string publisher, PublicEvent e, CancellationToken ct) =>
        (await events.StreamAsync(PublisherControl.StreamOf(publisher), 1, 0, ct))
            .Any(o => o.Data is DeadLetterDiscarded discarded && discarded.Event == e.Id);
}
