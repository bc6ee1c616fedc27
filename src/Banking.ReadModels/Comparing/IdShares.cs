using Banking.Commands.Receipts;
using Npgsql;

namespace Banking.ReadModels.Comparing;

/// <summary>Receipts have ids that are hashes: they lie evenly, so equal ranges of ids hold about as many of them.</summary>
internal static class IdShares
{
    private const int Most = 1 << 16;

    /// <summary>Into how many ranges the ids are divided, so that each holds about so many rows.</summary>
    public static async Task<int> CountAsync(NpgsqlDataSource source, int rows, CancellationToken ct)
    {
        // As PostgreSQL last counted them: -1 where it never did.
        await using var command = source.CreateCommand(
            $"select greatest(reltuples, 0)::bigint from pg_class where oid = '{ReceiptTable.Name}'::regclass");
        return (int)Math.Clamp((long)(await command.ExecuteScalarAsync(ct))! / rows, 1, Most);
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
