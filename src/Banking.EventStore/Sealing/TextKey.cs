using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Banking.EventStore.Sealing;

/// <summary>
/// A key that seals texts: AES-256-GCM, always with the same result for the same text. The nonce is the beginning of a keyed hash of the
/// text, so that a nonce repeats only with its text. A sealed text is KEY.BYTES: the id of the key, and nonce, ciphertext and tag in
/// base64url.
/// </summary>
public sealed class TextKey
{
    private const int KeyBytes = 32;
    private const int IdBytes = 9;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    private readonly byte[] _key;
    private readonly byte[] _nonceKey;

    private TextKey(string id, byte[] key)
    {
        (Id, _key) = (id, key);
        _nonceKey = HKDF.DeriveKey(HashAlgorithmName.SHA256, key, KeyBytes, info: "banking text nonce v1"u8.ToArray());
    }

    /// <summary>Its id, which has no point.</summary>
    public string Id { get; }

    /// <summary>The key itself, to be wrapped.</summary>
    internal byte[] Bytes => _key;

    /// <summary>Makes a key.</summary>
    public static TextKey Create() => new(
        Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(IdBytes)), RandomNumberGenerator.GetBytes(KeyBytes));

    /// <summary>Null if the bytes are no key.</summary>
    public static TextKey? Of(string id, byte[] bytes) => bytes.Length == KeyBytes ? new(id, bytes) : null;

    /// <summary>The id of the key of a sealed text; null if the text is not sealed.</summary>
    public static string? IdOf(string text)
    {
        var point = text.IndexOf('.', StringComparison.Ordinal);
        return point > 0 && Base64Url.IsValid(text.AsSpan(point + 1)) ? text[..point] : null;
    }

    /// <param name="purpose">What the text is.</param>
    public string Seal(string purpose, byte[] plain)
    {
        // The purpose is part of the hash: a nonce must not repeat with other associated data either.
        var name = Encoding.UTF8.GetBytes(purpose);
        byte[] hashed = [.. name, 0, .. plain];
        var nonce = HMACSHA256.HashData(_nonceKey, hashed).AsSpan(0, NonceBytes);
        var sealedBytes = new byte[NonceBytes + plain.Length + TagBytes];
        nonce.CopyTo(sealedBytes);
        using var aes = new AesGcm(_key, TagBytes);
        aes.Encrypt(nonce, plain, sealedBytes.AsSpan(NonceBytes, plain.Length), sealedBytes.AsSpan(^TagBytes..), name);
        return $"{Id}.{Base64Url.EncodeToString(sealedBytes)}";
    }

    /// <param name="purpose">What the text is.</param>
    /// <exception cref="DamagedTextException">The text was changed, or is something else.</exception>
    public byte[] Open(string purpose, string text)
    {
        try
        {
            var bytes = Base64Url.DecodeFromChars(text.AsSpan(Id.Length + 1));
            if (bytes.Length < NonceBytes + TagBytes)
            {
                throw new DamagedTextException();
            }

            var plain = new byte[bytes.Length - NonceBytes - TagBytes];
            using var aes = new AesGcm(_key, TagBytes);
            aes.Decrypt(
                bytes.AsSpan(0, NonceBytes), bytes.AsSpan(NonceBytes, plain.Length), bytes.AsSpan(^TagBytes..), plain,
                Encoding.UTF8.GetBytes(purpose));
            return plain;
        }
        catch (Exception wrong) when (wrong is CryptographicException or FormatException)
        {
            throw new DamagedTextException(wrong);
        }
    }
}
