using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;

namespace Banking.Customers.Domain;

/// <summary>The personal data of a customer.</summary>
/// <param name="Details">Further data by name, from an import.</param>
public sealed record PersonalData(
    string Name, string? Email = null, string? Phone = null, IReadOnlyDictionary<string, string>? Details = null)
{
    /// <summary>Without personal data, because records may be logged.</summary>
    public override string ToString() => nameof(PersonalData);
}

/// <summary>Encrypted personal data: nonce, ciphertext and tag of AES-256-GCM in one base64 text, bound to the customer's id.</summary>
/// <param name="Algorithm">The encryption algorithm.</param>
/// <param name="Text">The encrypted data.</param>
public sealed record SealedData(string Algorithm, string Text)
{
    public const string AesGcm256 = "AES-256-GCM";
}

/// <summary>The key of one customer's personal data. It is stored wrapped (<see cref="StoredKey"/>).</summary>
/// <param name="Key">32 bytes in base64.</param>
public sealed record CustomerKey(Guid Id, string Key)
{
    /// <summary>Without the key, because records may be logged.</summary>
    public override string ToString() => $"{nameof(CustomerKey)} {Id}";

    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    /// <summary>Whether the text is the base64 of 32 bytes.</summary>
    public static bool IsKey([NotNullWhen(true)] string? text) =>
        text is not null && Convert.TryFromBase64String(text, new byte[text.Length], out var bytes) && bytes == 32;

    public static CustomerKey For(Guid customer) => new(customer, Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));

    public SealedData Seal(PersonalData data)
    {
        var plain = JsonSerializer.SerializeToUtf8Bytes(data, JsonSerializerOptions.Web);
        var sealedBytes = new byte[NonceBytes + plain.Length + TagBytes];
        RandomNumberGenerator.Fill(sealedBytes.AsSpan(0, NonceBytes));
        using var aes = new AesGcm(Convert.FromBase64String(Key), TagBytes);
        aes.Encrypt(
            sealedBytes.AsSpan(0, NonceBytes),
            plain,
            sealedBytes.AsSpan(NonceBytes, plain.Length),
            sealedBytes.AsSpan(^TagBytes..),
            Id.ToByteArray());
        return new(SealedData.AesGcm256, Convert.ToBase64String(sealedBytes));
    }

    /// <exception cref="CryptographicException">The text was changed, or encrypted for another customer or by another
    /// algorithm.</exception>
    public PersonalData Open(SealedData data)
    {
        var bytes = Convert.FromBase64String(data.Text);
        if (data.Algorithm != SealedData.AesGcm256 || bytes.Length < NonceBytes + TagBytes)
        {
            throw new CryptographicException($"The data is not encrypted by {SealedData.AesGcm256}.");
        }

        var plain = new byte[bytes.Length - NonceBytes - TagBytes];
        using var aes = new AesGcm(Convert.FromBase64String(Key), TagBytes);
        aes.Decrypt(
            bytes.AsSpan(0, NonceBytes), bytes.AsSpan(NonceBytes, plain.Length), bytes.AsSpan(^TagBytes..), plain, Id.ToByteArray());
        return JsonSerializer.Deserialize<PersonalData>(plain, JsonSerializerOptions.Web)
            ?? throw new CryptographicException("The decrypted data is empty.");
    }
}
