using Banking.Commands.Receipts;
using Banking.EventStore.Storage;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>
/// Divides ids into equal ranges. Receipt ids are hashes and evenly distributed, so each range has about the same number.
/// </summary>
internal static class IdShares
{
    private const int MaxShares = 1 << 16;

    /// <summary>Computes the number of ranges so that each has about the given number of rows.</summary>
    public static async Task<int> CountAsync(NpgsqlDataSource source, int rows, CancellationToken ct)
    {
        // The estimate of PostgreSQL's last analyze; -1 if there was none.
        var receipts = await source.ScalarAsync<long>(
            $"select greatest(reltuples, 0)::bigint from pg_class where oid = '{ReceiptTable.Name}'::regclass", [], ct);
        return (int)Math.Clamp(receipts / rows, 1, MaxShares);
    }

    public static StreamSelection Of(int share, int shares) => StreamSelection.Between(
        share == 0 ? Guid.Empty : Bound(share, shares), share == shares - 1 ? Guid.AllBitsSet : Bound(share + 1, shares));

    /// <summary>The id at a fraction of all ids, by its first 32 bits.</summary>
    private static Guid Bound(int share, int shares)
    {
        Span<byte> id = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(id, (uint)((ulong)uint.MaxValue * (ulong)share / (ulong)shares));
        return new(id, bigEndian: true);
    }
}
