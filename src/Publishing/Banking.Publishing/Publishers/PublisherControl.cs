using Banking.Commands.Operators;
using Banking.EventStore.Storage;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Publishing.Publishers;

/// <summary>
/// Changes that operators make to publishers. Each is recorded in the log with the operator and the reason, in the same transaction.
/// </summary>
public sealed class PublisherControl(NpgsqlDataSource source, OperatorLog operatorLog, PublisherSignals signals, TimeProvider clock)
{
    /// <summary>The stream type of operator actions on destinations.</summary>
    public const string StreamType = "destination";

    /// <summary>Separates a new reason from the former actor and reason in <c>held_reason</c>.</summary>
    internal const string PausedBefore = " Before, it was paused by ";

    internal static readonly OperatorStreamKind Streams = new(StreamType, new("5d0d1c5e-8f0f-4b62-9a4e-0f4a3ed2b7c1"));

    private const string PublisherTable = PublishingModule.Schema + ".publisher";
    private const string PausedTypeTable = PublishingModule.Schema + ".held_type";

    /// <summary>The stream of operator actions on one destination.</summary>
    internal static Guid StreamOf(string publisher) => Streams.StreamOf(publisher);

    /// <summary>Pauses publication to a destination, or of one event type to it. False if it is already paused.</summary>
    public Task<bool> PauseAsync(string publisher, string? type, OperatorAction action, CancellationToken ct)
    {
        return type is null
            ? WriteAsync(
                publisher,
                $"update {PublisherTable} set held_at = $2, held_by = $3, held_reason = $4 where name = $1 and held_at is null",
                [publisher, clock.GetUtcNow(), action.Caller.Actor, action.Reason],
                new DestinationPaused(publisher, null, clock.GetUtcNow()),
                action,
                ct)
            : WriteAsync(
                publisher,
                $"insert into {PausedTypeTable} (publisher, held_at, held_by, reason, type) values ($1, $2, $3, $4, $5) "
                    + "on conflict do nothing",
                [publisher, clock.GetUtcNow(), action.Caller.Actor, action.Reason, type],
                new DestinationPaused(publisher, type, clock.GetUtcNow()),
                action,
                ct);
    }

    /// <summary>Releases publication at the position where it was paused. False if it is not paused.</summary>
    public Task<bool> ReleaseAsync(string publisher, string? type, OperatorAction action, CancellationToken ct) =>
        type is null
            ? WriteAsync(
                publisher,
                $"update {PublisherTable} set held_at = null, held_by = null, held_reason = null, attempts = 0 "
                    + "where name = $1 and held_at is not null",
                [publisher],
                new DestinationReleased(publisher, null, clock.GetUtcNow()),
                action,
                ct)
            : WriteAsync(
                publisher,
                $"delete from {PausedTypeTable} where publisher = $1 and type = $2",
                [publisher, type],
                new DestinationReleased(publisher, type, clock.GetUtcNow()),
                action,
                ct);

    /// <summary>
    /// Releases all destinations of a kind that are paused for a reason. They are released in groups, so that a call that ends half way has
    /// released some, and the same call releases the others.
    /// </summary>
    /// <param name="pauseReason">
    /// The reason. Destinations that the bank had paused before for another reason are released too, those that an operator had paused are
    /// not.
    /// </param>
    /// <param name="position">The checkpoint of destinations that are beyond it; null if no checkpoint is set.</param>
    internal async Task<IReadOnlyList<ReleasedDestination>> ReleaseAllAsync(
        string kind, string pauseReason, long? position, OperatorAction action, CancellationToken ct, int groupSize = 200)
    {
        var all = new List<ReleasedDestination>();
        IReadOnlyList<ReleasedDestination> group = [];
        do
        {
            // In the order of names, so that a destination that is soon paused again is not released a second time.
            var after = group is [.., var last] ? last.Name : "";
            group = await ReleaseGroupAsync(kind, pauseReason, position, after, groupSize, action, ct);
            all.AddRange(group);
        }
        while (group.Count == groupSize);

        return all;
    }

    private async Task<IReadOnlyList<ReleasedDestination>> ReleaseGroupAsync(
        string kind, string pauseReason, long? position, string after, int max, OperatorAction action, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var released = (await connection.ListAsync(
            $"""
            with mine as (
                select name, coalesce(position > $3, false) as is_set from {PublisherTable}
                where kind = $1 and held_at is not null and name collate "C" > $5
                    and (held_reason = $2 or (held_by = 'bank' and starts_with(held_reason, $2 || $6)))
                order by name collate "C" limit {max} for update),
            forgotten as (
                delete from {PublishingModule.Schema}.blocked_account b using mine
                where mine.is_set and b.publisher = mine.name and b.position > $3)
            update {PublisherTable} p set
                held_at = null, held_by = null, held_reason = null, attempts = 0,
                position = case when mine.is_set then $3 else p.position end,
                epoch = case when mine.is_set then p.epoch + 1 else p.epoch end,
                updated_at = case when mine.is_set then $4 else p.updated_at end
            from mine where p.name = mine.name returning p.name, mine.is_set
            """,
            [kind, pauseReason, NpgsqlDbType.Bigint.Of(position), clock.GetUtcNow(), after, PausedBefore],
            row => new ReleasedDestination(row.GetString(0), row.GetBoolean(1)),
            ct)).OrderBy(r => r.Name, StringComparer.Ordinal).ToList();
        await operatorLog.RecordAsync(transaction, Streams, [.. released.SelectMany(r => FactsOf(r, position))], action, ct);
        await transaction.CommitAsync(ct);
        foreach (var destination in released)
        {
            signals.Request(destination.Name);
        }

        return released;
    }

    private IEnumerable<(string Name, object Fact)> FactsOf(ReleasedDestination released, long? position)
    {
        if (released.IsSet)
        {
            yield return (released.Name, new DestinationSet(released.Name, position!.Value, clock.GetUtcNow()));
        }

        yield return (released.Name, new DestinationReleased(released.Name, null, clock.GetUtcNow()));
    }

    /// <summary>
    /// Sets the checkpoint of a destination: all events after the position are delivered in order, whether or not they were delivered
    /// before. Accounts that are blocked after that position are unblocked. A publisher that runs finds the change before it stores
    /// anything, and restarts from the new checkpoint.
    /// </summary>
    public Task<bool> SetAsync(string publisher, long position, OperatorAction action, CancellationToken ct) => WriteAsync(
        publisher,
        $"with forgotten as (delete from {PublishingModule.Schema}.blocked_account where publisher = $1 and position > $2) " +
        $"update {PublisherTable} set position = $2, epoch = epoch + 1, updated_at = $3 where name = $1",
        [publisher, position, clock.GetUtcNow()], new DestinationSet(publisher, position, clock.GetUtcNow()), action, ct);

    /// <summary>Pauses a destination for the bank itself after too many failures, until an operator releases it.</summary>
    internal Task<bool> PauseByBankAsync(string publisher, string reason, CancellationToken ct) =>
        PauseAsync(publisher, null, OperatorAction.OfTheBank(reason, "publishing"), ct);

    /// <summary>
    /// Requests that dead letters are delivered again, or that their events are skipped: those of one destination, cause or account, or
    /// all.
    /// </summary>
    /// <param name="release"><see cref="BlockedAccounts.Retry"/> or <see cref="BlockedAccounts.Discard"/>.</param>
    public async Task<IReadOnlyList<BlockedAccount>> RequestReleaseAsync(
        string release, string? publisher, string? cause, Guid? account, OperatorAction action, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var requested = await BlockedAccounts.RequestReleaseAsync(transaction, release, publisher, cause, account, ct);
        var byName = requested.GroupBy(a => a.Publisher).OrderBy(g => g.Key, StringComparer.Ordinal);
        IEnumerable<(string, object)> facts = release == BlockedAccounts.Discard
            ? byName.SelectMany(g => g).Select(a => (
                a.Publisher, (object)new DeadLetterDiscarded(a.Publisher, a.EventId, a.Account, a.Cause, clock.GetUtcNow())))
            : byName.Select(g => (g.Key, (object)new DeadLettersReplayed(g.Key, g.Count(), clock.GetUtcNow())));
        await operatorLog.RecordAsync(transaction, Streams, [.. facts], action, ct);
        await transaction.CommitAsync(ct);
        foreach (var name in requested.Select(a => a.Publisher).Distinct())
        {
            signals.Request(name);
        }

        return requested;
    }

    private async Task<bool> WriteAsync(
        string publisher, string sql, object?[] values, object fact, OperatorAction action, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        if (await connection.ExecuteAsync(sql, values, ct) == 0)
        {
            return false;
        }

        await operatorLog.RecordAsync(transaction, Streams, publisher, fact, action, ct);
        await transaction.CommitAsync(ct);
        signals.Request(publisher);
        return true;
    }
}

/// <summary>A destination that was released together with others.</summary>
/// <param name="IsSet">Whether its checkpoint was set too.</param>
internal readonly record struct ReleasedDestination(string Name, bool IsSet);
