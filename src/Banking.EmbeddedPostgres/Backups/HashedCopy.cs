using System.Security.Cryptography;

namespace Banking.EmbeddedPostgres.Backups;

/// <summary>Copies a stream and computes the hash of what was copied.</summary>
internal static class HashedCopy
{
    public static async Task<(long Bytes, string Hash)> RunAsync(Stream from, Stream to, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[256 * 1024];
        var bytes = 0L;
        for (int read; (read = await from.ReadAsync(buffer, ct)) > 0; bytes += read)
        {
            hash.AppendData(buffer, 0, read);
            await to.WriteAsync(buffer.AsMemory(0, read), ct);
        }

        return (bytes, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}
