using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Banking.EventStore.Appending;

/// <summary>
/// New identifiers: UUID version 7 (RFC 9562), which sort by time and index well. The ids of one clock strictly increase within this
/// process: the twelve bits after the milliseconds hold their fraction, and count up while the clock does not advance (method 3).
/// </summary>
public static class Ids
{
    private static readonly ConditionalWeakTable<TimeProvider, StrongBox<long>> Last = [];

    /// <summary>Makes an id with the time of the clock. Folds and projections must not call it.</summary>
    public static Guid Next(TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        var stamp = NextStamp(Last.GetOrCreateValue(clock), Stamp(now));
        Span<byte> bytes = stackalloc byte[16];
        Guid.CreateVersion7(now).TryWriteBytes(bytes, bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(bytes, ((stamp & ~0xFFFL) << 4) | 0x7000 | (stamp & 0xFFF));
        return new(bytes, bigEndian: true);
    }

    /// <summary>48 bits of milliseconds since 1970 and 12 bits of the fraction.</summary>
    private static long Stamp(DateTimeOffset now)
    {
        var ticks = now.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;
        return (ticks / TimeSpan.TicksPerMillisecond << 12) | (ticks % TimeSpan.TicksPerMillisecond * 4096 / TimeSpan.TicksPerMillisecond);
    }

    private static long NextStamp(StrongBox<long> last, long stamp)
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
