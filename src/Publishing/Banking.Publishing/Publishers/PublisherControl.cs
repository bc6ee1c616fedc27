using Banking.Commands.Operators;
using Npgsql;

namespace Banking.Publishing.Publishers;

/// <summary>What people do to lanes: each is in the log, with who and why, in the transaction that does it.</summary>
public sealed class PublisherControl(NpgsqlDataSource source, OperatorLog journal, PublisherSignals signals, TimeProvider clock)
{
    /// <summary>The streams of what is done to destinations.</summary>
    public const string StreamType = "destination";

    private static readonly OperatorStreamKind Journal = new(StreamType, new("5d0d1c5e-8f0f-4b62-9a4e-0f4a3ed2b7c1"));

    private const string Lanes = PublishingModule.Schema + ".lane";
    private const string HeldTypes = PublishingModule.Schema + ".held_type";

    /// <summary>The stream of what was done to a destination.</summary>
    internal static Guid StreamOf(string lane) => Journal.StreamOf(lane);

    /// <summary>Holds publication to a destination, or of one type of event to it. False where it is held already.</summary>
    public Task<bool> HoldAsync(string lane, string? type, OperatorAction action, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(action);
        return type is null
            ? WriteAsync(
                lane,
                $"update {Lanes} set held_at = $2, held_by = $3, held_reason = $4 where name = $1 and held_at is null",
                [lane, clock.GetUtcNow(), action.Caller.Actor, action.Reason],
                new DestinationHeld(lane, null, clock.GetUtcNow()),
                action,
                ct)
            : WriteAsync(
                lane,
                $"insert into {HeldTypes} (lane, held_at, held_by, reason, type) values ($1, $2, $3, $4, $5) on conflict do nothing",
                [lane, clock.GetUtcNow(), action.Caller.Actor, action.Reason, type],
                new DestinationHeld(lane, type, clock.GetUtcNow()),
                action,
                ct);
    }

    /// <summary>Lets it go on where it stopped. False where it is not held.</summary>
    public Task<bool> ReleaseAsync(string lane, string? type, OperatorAction action, CancellationToken ct) =>
        type is null
            ? WriteAsync(
                lane,
                $"update {Lanes} set held_at = null, held_by = null, held_reason = null, attempts = 0 where name = $1 and held_at is not null",
                [lane],
                new DestinationReleased(lane, null, clock.GetUtcNow()),
                action,
                ct)
            : WriteAsync(
                lane,
                $"delete from {HeldTypes} where lane = $1 and type = $2",
                [lane, type],
                new DestinationReleased(lane, type, clock.GetUtcNow()),
                action,
                ct);

    /// <summary>
    /// Sets a destination to another place in the log: everything after it is delivered, again or for the first time, in order. What waits
    /// behind that place waits no more. Whoever has the lane finds out before it stores anything, and begins anew.
    /// </summary>
    public Task<bool> SetAsync(string lane, long position, OperatorAction action, CancellationToken ct) => WriteAsync(
        lane,
        $"with forgotten as (delete from {PublishingModule.Schema}.waiting_account where lane = $1 and position > $2) " +
        $"update {Lanes} set position = $2, epoch = epoch + 1, updated_at = $3 where name = $1",
        [lane, position, clock.GetUtcNow()], new DestinationSet(lane, position, clock.GetUtcNow()), action, ct);

    /// <summary>The bank itself leaves a destination alone that failed too often, until somebody lets it go on.</summary>
    internal Task<bool> ParkAsync(string lane, string why, CancellationToken ct) =>
        HoldAsync(lane, null, OperatorAction.OfTheBank(why, "publishing"), ct);

    /// <summary>
    /// Has dead letters tried again, or their events passed over: those of one destination, of one cause, of one account, or all.
    /// </summary>
    /// <param name="how"><see cref="BlockedAccounts.Retry"/> or <see cref="BlockedAccounts.Discard"/>.</param>
    public async Task<IReadOnlyList<BlockedAccount>> SettleAsync(
        string how, string? lane, string? cause, Guid? account, OperatorAction action, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var asked = await BlockedAccounts.ReleaseAsync(transaction, how, lane, cause, account, ct);
        foreach (var group in asked.GroupBy(a => a.Publisher).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            IEnumerable<object> facts = how == BlockedAccounts.Discard
                ? group.Select(a => new DeadLetterDiscarded(a.Publisher, a.EventId, a.Account, a.Cause, clock.GetUtcNow()))
                : [new DeadLettersReplayed(group.Key, group.Count(), clock.GetUtcNow())];
            foreach (var fact in facts)
            {
                await journal.RecordAsync(transaction, Journal, group.Key, fact, action, ct);
            }
        }

        await transaction.CommitAsync(ct);
        foreach (var name in asked.Select(a => a.Publisher).Distinct())
        {
            signals.Ask(name);
        }

        return asked;
    }

    private async Task<bool> WriteAsync(string lane, string sql, object[] values, object fact, OperatorAction action, CancellationToken ct)
    {
        await using var connection = await source.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        await using (var command = new NpgsqlCommand(sql, connection, transaction))
        {
            foreach (var value in values)
            {
                command.Parameters.Add(new() { Value = value });
            }

            if (await command.ExecuteNonQueryAsync(ct) == 0)
            {
                return false;
            }
        }

        await journal.RecordAsync(transaction, Journal, lane, fact, action, ct);
        await transaction.CommitAsync(ct);
        signals.Ask(lane);
        return true;
    }
}
