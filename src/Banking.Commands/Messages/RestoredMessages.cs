using Banking.EventStore.Epochs;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.Commands.Messages;

/// <summary>
/// Releases all stored messages to any host when the database was restored while this host ran. A message that the restored state has not
/// handled yet belongs to the host that had it at that time. If that host still runs, it has handled the message in the lost history, and
/// no other host would take it. A message that is handled twice has one effect.
/// </summary>
internal sealed class RestoredMessages : IEpochReaction
{
    private const string Release =
        """
        with incoming as (
            update wolverine.wolverine_incoming_envelopes set owner_id = 0 where owner_id <> 0 and status = 'Incoming')
        update wolverine.wolverine_outgoing_envelopes set owner_id = 0 where owner_id <> 0
        """;

    /// <summary>The epoch in which this host began: the messages of hosts that ended before are Wolverine's business.</summary>
    private Guid? _first;

    public async Task ReactAsync(NpgsqlTransaction transaction, EpochHistory epochs, CancellationToken ct)
    {
        _first ??= epochs.Current.Id;
        if (epochs.Current.Id != _first)
        {
            await transaction.Connection!.ExecuteAsync(Release, [], ct);
        }
    }
}
