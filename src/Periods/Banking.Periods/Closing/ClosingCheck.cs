using System.Globalization;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Periods;
using Banking.EventStore.Appending;
using Banking.EventStore.Archive;
using Banking.EventStore.Log;
using Banking.EventStore.Storage;
using Banking.Periods.Domain;
using Marten;
using Npgsql;

namespace Banking.Periods.Closing;

/// <summary>
/// Checks in the transaction that closes a period, under the lock of <see cref="ClosedPeriods"/>, that nothing was booked in the period
/// since its checks. If something was, the checks run again.
/// </summary>
internal sealed class ClosingCheck(IDocumentStore store, ArchivedEvents archive, IEnumerable<BookingEvents> bookings)
    : ICommitCheck<AccountingPeriods>
{
    /// <summary>Code of the refusal, which is never stored.</summary>
    public const string Code = "temporarily_unavailable";

    /// <summary>An event of a type that this host does not know may be a booking of a host of a later version.</summary>
    private const string Later = "seq_id > $1 and (type = any($2) or type <> all($3))";

    private const string Sql =
        $"select exists (select from {SchemaNames.Events}.mt_events where {Later} and (data ->> 'effectiveAt')::timestamptz < $4)";

    private readonly StoredEvents _stored = new(store, archive);
    private readonly string[] _types = StoredEventTypes.Names(store, bookings.SelectMany(b => b.Types));
    private readonly string[] _known = [.. StoredEventTypes.Of(store).Select(t => t.EventTypeName)];

    public async Task<Refusal?> CheckAsync(NpgsqlTransaction transaction, IReadOnlyList<EventEnvelope> events)
    {
        foreach (var closed in events.Select(e => e.Event.Data).OfType<PeriodClosed>())
        {
            await ClosedPeriods.LockAloneAsync(transaction, CancellationToken.None);
            var end = new Month(closed.From).End;
            if (await IsBookedAsync(transaction, closed.Position, end))
            {
                return Refusal.Unavailable(
                    Code,
                    string.Create(
                        CultureInfo.InvariantCulture, $"Something was booked in the period after position {closed.Position}. Repeat."));
            }
        }

        return null;
    }

    /// <exception cref="UnreadableEventException">The effective time of a later event is no time.</exception>
    private async Task<bool> IsBookedAsync(NpgsqlTransaction transaction, long position, DateTimeOffset end)
    {
        const string Before = "bookings";
        var connection = transaction.Connection!;
        await transaction.SaveAsync(Before);
        try
        {
            return await connection.ScalarAsync<bool>(Sql, [position, _types, _known, end], CancellationToken.None);
        }
        catch (PostgresException failure) when (failure.SqlState is PostgresErrorCodes.InvalidDatetimeFormat
            or PostgresErrorCodes.DatetimeFieldOverflow or PostgresErrorCodes.InvalidTimeZoneDisplacementValue)
        {
            // Reading the events finds the one that is meant.
            await transaction.RollbackAsync(Before);
            await connection.ListAsync(
                StoredEvents.Select(Later), [position, _types, _known], row => _stored.Read(row).Sequence, CancellationToken.None);
            throw;
        }
    }
}
