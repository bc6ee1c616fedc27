using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace Banking.SharedKernel;

/// <summary>Ids derived from a name, the same in each run: UUID version 5 of RFC 9562, section 5.5.</summary>
public static class DeterministicId
{
    /// <summary>Computes the id of a name in a scope. It is the same on every machine and in every release.</summary>
    /// <exception cref="ArgumentException">The name has half a surrogate pair, which UTF-8 cannot encode.</exception>
    [SuppressMessage("Security", "CA5350", Justification = "RFC 9562 prescribes SHA-1; the id proves nothing.")]
    public static Guid From(Guid scope, string name)
    {
        var utf8 = StrictUtf8.GetBytes(name);
        var input = new byte[16 + utf8.Length];
        scope.TryWriteBytes(input, bigEndian: true, out _);
        utf8.CopyTo(input, 16);

        Span<byte> id = SHA1.HashData(input).AsSpan(0, 16);
        id[6] = (byte)((id[6] & 0x0F) | 0x50);
        id[8] = (byte)((id[8] & 0x3F) | 0x80);
        return new(id, bigEndian: true);
    }

    // The lenient encoding replaces every lone surrogate with the same character, so two names could share an id.
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
}
