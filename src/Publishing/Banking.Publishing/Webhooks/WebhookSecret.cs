using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Banking.Publishing.Webhooks;

/// <summary>
/// A signing secret that the bank shares with one endpoint. It is a document in a schema of its own, and never part of an event, receipt or
/// log, because all of these outlive it.
/// </summary>
/// <param name="Webhook">The webhook that it belongs to.</param>
/// <param name="Secret">whsec_ and 32 random bytes in base64.</param>
public sealed record WebhookSecret(Guid Id, Guid Webhook, string Secret)
{
    private const string Prefix = "whsec_";

    internal static WebhookSecret For(Guid webhook, Guid id) =>
        new(id, webhook, Prefix + Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)));

    /// <summary>The symmetric signature of Standard Webhooks 1.0, over exactly the bytes that the endpoint receives.</summary>
    public string Sign(string id, DateTimeOffset at, ReadOnlySpan<byte> body)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Convert.FromBase64String(Secret[Prefix.Length..]));
        mac.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{at.ToUnixTimeSeconds()}.")));
        mac.AppendData(body);
        return "v1," + Convert.ToBase64String(mac.GetHashAndReset());
    }

    /// <summary>Never contains the secret, so that it cannot reach a log.</summary>
    public override string ToString() => $"{nameof(WebhookSecret)} {Id}";
}
