using System.Globalization;
using Banking.Commands.Decisions;
using Banking.Commands.Groups;
using Banking.Commands.Periods;
using Banking.EventStore.Appending;
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
internal sealed class ClosingCheck(IDocumentStore store, IEnumerable<BookingEvents> bookings) : ICommitCheck<AccountingPeriods>
{
    /// <summary>Code of the refusal, which is never stored.</summary>
    public const string Code = "temporarily_unavailable";

    private const string Sql =
        $"select exists (select from {SchemaNames.Events}.mt_events where seq_id > $1 and type = any($2) "
        + "and (data ->> 'effectiveAt')::timestamptz < $3)";

    private readonly string[] _types = StoredEventTypes.Names(store, bookings.SelectMany(b => b.Types));

    public async Task<Refusal?> CheckAsync(NpgsqlTransaction transaction, IReadOnlyList<EventEnvelope> events)
    {
        foreach (var closed in events.Select(e => e.Event.Data).OfType<PeriodClosed>())
        {
            await ClosedPeriods.LockAloneAsync(transaction, CancellationToken.None);
            var end = new Month(closed.From).End;
            if (await transaction.Connection!.ScalarAsync<bool>(Sql, [closed.Position, _types, end], CancellationToken.None))
            {
                return Refusal.Unavailable(
                    Code,
                    string.Create(
                        CultureInfo.InvariantCulture, $"Something was booked in the period after position {closed.Position}. Repeat."));
            }
        }

        return null;
    }
}
