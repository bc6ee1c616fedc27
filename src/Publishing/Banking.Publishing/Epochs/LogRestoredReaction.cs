using System.Globalization;
using Banking.Commands.Operators;
using Banking.EventStore.Epochs;
using Banking.EventStore.Published;
using Banking.EventStore.Storage;
using Banking.Publishing.Contracts;
using Banking.Publishing.Modules;
using Banking.Publishing.Publishers;
using Npgsql;

namespace Banking.Publishing.Epochs;

/// <summary>
/// Announces a new epoch to all readers of the published log, and pauses the destinations that may have events which the bank no longer
/// has: their readers would take an event for a repeat of the lost one. Their checkpoints were restored together with the log, so these do
/// not say what was delivered. A destination that was paused already is paused for this reason too: it may have had events between its
/// release and the restore. The former actor and reason are kept, so that a release of all does not end an operator's pause.
/// </summary>
internal sealed class LogRestoredReaction(OperatorLog operatorLog, TimeProvider clock) : IEpochReaction
{
    /// <summary>The type of the stream that each epoch has; permanent.</summary>
    public const string StreamType = "log-epoch";

    /// <summary>The prefix of the public ids of these streams; permanent.</summary>
    public const string Prefix = "epo";

    private static readonly OperatorStreamKind Streams = new(StreamType, new("b4f2f7a1-0c57-4d0e-9f55-5a9d3c6c1e72"));

    public static PublicContract Contract { get; } =
        new(LogRestored.PublicType, typeof(LogRestored), typeof(LogRestoredV1), Prefix)
        {
            ToData = e => e.Data is LogRestored restored
                ? new LogRestoredV1(restored.Epoch, restored.FormerEpoch, restored.FirstPosition)
                : null,
            IsForEveryone = true,
        };

    public async Task ReactAsync(NpgsqlTransaction transaction, EpochHistory epochs, CancellationToken ct)
    {
        var connection = transaction.Connection!;
        var announced = (await connection.ListAsync(
            $"select id from {SchemaNames.Streams} where id = any($1)",
            [epochs.Epochs.Select(e => Streams.StreamOf(e.Name)).ToArray()],
            row => row.GetGuid(0),
            ct)).ToHashSet();
        foreach (var (former, epoch) in epochs.Epochs.Zip(epochs.Epochs.Skip(1)))
        {
            if (!announced.Contains(Streams.StreamOf(epoch.Name)))
            {
                await operatorLog.RecordAsync(
                    transaction,
                    Streams,
                    epoch.Name,
                    new LogRestored(epoch.Name, former.Name, epoch.FirstPosition, epoch.Cause, clock.GetUtcNow()),
                    OperatorAction.OfTheBank("the log is another one than before", "publishing"),
                    ct);
                await PauseAsync(transaction, epoch, ct);
            }
        }
    }

    private async Task PauseAsync(NpgsqlTransaction transaction, LogEpoch epoch, CancellationToken ct)
    {
        var reason = string.Create(
            CultureInfo.InvariantCulture,
            $"The database was restored. This destination may have events from position {epoch.FirstPosition} on that the bank no longer "
                + $"has. Tell its readers, set its position to {epoch.FirstPosition - 1} or before, and release it.");
        var paused = await transaction.Connection!.ListAsync(
            $"""
            with mine as (
                select name from {PublisherStore.Table}
                where kind <> '{ModulesDestination.Name}' and ($1 or position >= $2) order by name for update)
            update {PublisherStore.Table} p set held_at = $3, held_by = case when held_at is null then 'bank' else held_by end,
                held_reason = $4 || case when held_at is null then '' else $5 || held_by || ': ' || held_reason end
            from mine where p.name = mine.name returning p.name
            """,
            [epoch.Cause != EpochCause.Moved, epoch.FirstPosition, clock.GetUtcNow(), reason, PublisherControl.PausedBefore],
            row => row.GetString(0),
            ct);
        await operatorLog.RecordAsync(
            transaction,
            PublisherControl.Streams,
            [.. paused.Order(StringComparer.Ordinal).Select(name => (name, (object)new DestinationPaused(name, null, clock.GetUtcNow())))],
            OperatorAction.OfTheBank(reason, "publishing"),
            ct);
    }
}
