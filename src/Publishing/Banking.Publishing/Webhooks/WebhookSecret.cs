using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Banking.Publishing.Webhooks;

/// <summary>
/// A secret that the bank and one endpoint share. A document of its own in a schema of its own: never in an event, a receipt or a log,
/// all of which outlive it.
/// </summary>
/// <param name="Webhook">Whose it is.</param>
/// <param name="Secret">whsec_ and 32 random bytes in base64.</param>
public sealed record WebhookSecret(Guid Id, Guid Webhook, string Secret)
{
    private const string Prefix = "whsec_";

    internal static WebhookSecret For(Guid webhook, Guid id) =>
        new(id, webhook, Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));

    /// <summary>Standard Webhooks 1.0, symmetric: what the endpoint computes too, over exactly the bytes that it got.</summary>
    public string Sign(string id, DateTimeOffset at, ReadOnlySpan<byte> body)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Convert.FromBase64String(Secret[Prefix.Length..]));
        mac.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{at.ToUnixTimeSeconds()}.")));
        mac.AppendData(body);
        return "v1," + Convert.ToBase64String(mac.GetHashAndReset());
    }

    /// <summary>Without the secret, wherever it may be written.</summary>
    public override string ToString() => $"{nameof(WebhookSecret)} {Id}";
}
