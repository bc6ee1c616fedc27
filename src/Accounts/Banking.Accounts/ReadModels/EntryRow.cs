using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.EventStore.Log;
using Banking.SharedKernel;
using JasperFx.Events;

namespace Banking.Accounts.ReadModels;

/// <summary>The row of one event, without the balance.</summary>
/// <param name="Currency">The default if the event neither moves money nor sets a limit.</param>
/// <param name="Kind">What the figures of the bank's days count it as.</param>
internal readonly record struct EntryRow(
    IEvent Event, Guid Account, long Version, long Position, bool Movement, EntryKind Kind, long Amount,
    Currency Currency, long? OverdraftLimit, DateTimeOffset EffectiveAt, DateTimeOffset RecordedAt, long Correlation)
{
    /// <summary>
    /// The hash of a correlation id that rows store: a number needs a quarter of the space of most ids. A query must compare the id of
    /// the event too. Stored, so it never changes.
    /// </summary>
    public static long HashOf(string correlation) =>
        BinaryPrimitives.ReadInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(correlation)));

    /// <summary>The tenths of a microsecond, which PostgreSQL does not store.</summary>
    public static short TickOf(DateTimeOffset instant) => (short)(instant.UtcTicks % TimeSpan.TicksPerMicrosecond);

    /// <summary>
    /// The microsecond of an instant, to which <see cref="TickOf"/> is added. Npgsql cuts ticks toward the year 2000: a time before it
    /// would become the next microsecond. The largest value stays, because Npgsql writes it as infinity.
    /// </summary>
    public static DateTime MicrosecondOf(DateTimeOffset instant) =>
        (instant == DateTimeOffset.MaxValue ? instant : instant.CutToMicroseconds()).UtcDateTime;

    public static EntryRow Of(IEvent e)
    {
        try
        {
            var change = FundsChange.Of(e.Data);
            return new(
                e, e.StreamId, e.Version, e.Sequence, change.Amount is not null, EntryKinds.Of(e.Data), change.Amount?.Minor ?? 0,
                (change.Amount ?? change.OverdraftLimit)?.Currency ?? default, change.OverdraftLimit?.Minor,
                ((IAccountEvent)e.Data).EffectiveAt, e.Timestamp, HashOf(e.CorrelationId ?? ""));
        }
        catch (Exception failure) when (failure is not UnreadableEventException)
        {
            throw new UnreadableEventException(e, failure);
        }
    }
}
