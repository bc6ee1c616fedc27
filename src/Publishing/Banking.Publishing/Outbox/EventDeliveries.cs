using Banking.EventStore.Log;
using Banking.Publishing.Log;
using Banking.Publishing.Publishers;

namespace Banking.Publishing.Outbox;

/// <summary>How far a destination is with one event.</summary>
public enum DeliveryState
{
    /// <summary>The destination acknowledged it.</summary>
    Acknowledged,

    /// <summary>Its position is after the checkpoint.</summary>
    Waiting,

    /// <summary>The destination rejected it or an earlier event of its account, or its type or that of such an event is paused.</summary>
    Blocked,

    /// <summary>An operator discarded it: the destination does not receive it.</summary>
    Discarded,

    /// <summary>The destination began after it, and does not receive it.</summary>
    BeforeStart,

    /// <summary>An operator moved the checkpoint past it: acknowledged before, or skipped.</summary>
    Passed,
}

/// <summary>What became of one event at one destination.</summary>
/// <param name="Kind">kafka, rabbitmq, webhook or modules: the modules of this bank.</param>
/// <param name="Checkpoint">The position up to which the destination has the log; absent if it never started.</param>
public sealed record DeliveryView(string Destination, string Kind, DeliveryState State, long? Checkpoint);

/// <summary>Finds out which destinations have an event, by their checkpoints, blocked accounts and the actions of operators.</summary>
public sealed class EventDeliveries(
    IEnumerable<IDestinationSource> sources, PublisherStore publishers, BlockedAccounts blocked, EventReader events)
{
    /// <summary>The actions that decide what a checkpoint means for an event. A destination may have many others, such as pauses.</summary>
    private const string Actions =
        $"stream_id = any($1) and (type = '{DestinationSet.Name}' or (type = '{DeadLetterDiscarded.Name}' and data ->> 'event' = $2))";

    /// <summary>What became of an event at each destination that takes it by its present filter.</summary>
    public async Task<IReadOnlyList<DeliveryView>> FindAsync(PublicEvent e, CancellationToken ct)
    {
        var specs = new List<DestinationSpec>();
        foreach (var source in sources)
        {
            specs.AddRange((await source.ListAsync(ct)).Where(s => s.Filter.Takes(e) && s.Wants(e)));
        }

        var names = specs.Select(s => s.Name).ToList();
        // The checkpoints are read first: an event that is rejected meanwhile is not taken for an acknowledged one.
        var rows = (await publishers.AllAsync(names, ct)).ToDictionary(r => r.Name);
        var blocking = await blocked.FindPublishersAsync(names, e, ct);
        var passed = rows.Values.Where(r => e.Position <= r.Position).Select(r => PublisherControl.StreamOf(r.Name)).ToArray();
        var actions = (await events.WhereAsync(Actions, [passed, e.Id], ct)).ToLookup(a => a.StreamId, a => a.Data);
        return
        [
            .. from spec in specs.OrderBy(s => s.Name, StringComparer.Ordinal)
               let row = rows.GetValueOrDefault(spec.Name)
               let reached = row is null || e.Position > row.Position ? DeliveryState.Waiting
                   : Passed(e, row.StartPosition, actions[PublisherControl.StreamOf(spec.Name)])
               // A discarded event waits for nothing, although its account may be blocked by an earlier one.
               let state = blocking.Contains(spec.Name) && reached != DeliveryState.Discarded ? DeliveryState.Blocked : reached
               select new DeliveryView(spec.Name, spec.Kind, state, row?.Position),
        ];
    }

    /// <summary>The state of an event that the checkpoint is past.</summary>
    /// <param name="actions">What operators did with the destination, in order.</param>
    private static DeliveryState Passed(PublicEvent e, long start, IEnumerable<object> actions) => actions.Aggregate(
        e.Position <= start ? DeliveryState.BeforeStart : DeliveryState.Acknowledged,
        (state, action) => action switch
        {
            // Set back, the destination receives it, whatever happened before.
            DestinationSet set when set.Position < e.Position => DeliveryState.Acknowledged,
            DestinationSet when state == DeliveryState.Acknowledged => DeliveryState.Passed,
            DeadLetterDiscarded discarded when discarded.Event == e.Id => DeliveryState.Discarded,
            _ => state,
        });
}
