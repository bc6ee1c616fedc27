using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Banking.EventStore.Appending;

/// <summary>
/// New identifiers: UUID version 7 (RFC 9562), so that they sort by time and index well. Those of one clock rise strictly within this
/// process: the twelve bits after the milliseconds hold their fraction, and count on where the clock stands still (method 3).
/// </summary>
public static class Ids
{
    private static readonly ConditionalWeakTable<TimeProvider, StrongBox<long>> Last = [];

    /// <summary>A new id stamped with the clock's time. Never called from a fold or a projection.</summary>
    public static Guid Next(TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        var now = clock.GetUtcNow();
        var stamp = Rising(Last.GetOrCreateValue(clock), Stamp(now));
        Span<byte> bytes = stackalloc byte[16];
        Guid.CreateVersion7(now).TryWriteBytes(bytes, bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(bytes, ((stamp & ~0xFFFL) << 4) | 0x7000 | (stamp & 0xFFF));
        return new(bytes, bigEndian: true);
    }

    /// <summary>48 bits of milliseconds since 1970 and 12 bits of what is left of one.</summary>
    private static long Stamp(DateTimeOffset now)
    {
        var ticks = now.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;
        return (ticks / TimeSpan.TicksPerMillisecond << 12) | (ticks % TimeSpan.TicksPerMillisecond * 4096 / TimeSpan.TicksPerMillisecond);
    }

    private static long Rising(StrongBox<long> last, long stamp)
    {
        while (true)
        {
            var before = Volatile.Read(ref last.Value);
            var next = Math.Max(before + 1, stamp);
            if (Interlocked.CompareExchange(ref last.Value, next, before) == before)
            {
                return next;
            }
        }
    }
}
