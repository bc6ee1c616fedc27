using System.Net;
using System.Net.Sockets;
using Banking.Commands.Decisions;

namespace Banking.Publishing.Webhooks;

/// <summary>
/// Guards against server-side request forgery: a registered endpoint must not make this host send requests into the bank's own network.
/// Only public addresses are connected to. The registration checks the address to give an early answer; the connection checks the resolved
/// address again, because a name can be pointed elsewhere in between.
/// </summary>
public sealed class AddressGuard(WebhookSettings settings, AddressGuard.Resolver resolve)
{
    /// <summary>Resolves a host name to its addresses.</summary>
    public delegate Task<IPAddress[]> Resolver(string host, CancellationToken ct);

    private const int MaxUrlLength = 2_000;

    /// <summary>IPv4: every block that IANA lists as not globally reachable.</summary>
    private static readonly IPNetwork[] NonPublicIPv4 =
    [
        .. new[]
        {
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        }.Select(IPNetwork.Parse),
    ];

    /// <summary>
    /// IPv6: only global unicast addresses, without the blocks that carry IPv4 addresses or are reserved for documentation.
    /// </summary>
    private static readonly IPNetwork GlobalIPv6 = IPNetwork.Parse("2000::/3");
    private static readonly IPNetwork[] NonPublicIPv6 =
    [
        .. new[] { "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20" }.Select(IPNetwork.Parse),
    ];

    public static bool IsPublic(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.AddressFamily == AddressFamily.InterNetwork
            ? !NonPublicIPv4.Any(n => n.Contains(plain))
            : GlobalIPv6.Contains(plain) && !NonPublicIPv6.Any(n => n.Contains(plain));
    }

    /// <summary>The problem of a given address, or null.</summary>
    public async Task<Refusal?> ProblemAsync(string url, CancellationToken ct)
    {
        if (
            url.Length > MaxUrlLength
            || !Uri.TryCreate(url, UriKind.Absolute, out var uri)
            || uri.Host.Length == 0
            || url.Any(c => c is <= ' ' or > '~'))
        {
            return Refusal.Invalid(
                "malformed_url",
                $"url must be an absolute address of at most {MaxUrlLength} printable ASCII characters.",
                "#/url");
        }

        if (!(uri.Scheme == Uri.UriSchemeHttps || (settings.AllowInsecure && uri.Scheme == Uri.UriSchemeHttp)))
        {
            return NotAllowed("Only https is allowed: published events are confidential.");
        }

        if (uri.UserInfo.Length > 0 || uri.Fragment.Length > 0)
        {
            return NotAllowed("The address must not have a user, password or fragment: the signature proves the sender.");
        }

        return settings.AllowPrivateAddresses || (await AllowedAsync(uri.DnsSafeHost, ct)).Count > 0
            ? null
            : NotAllowed("The host name resolves to no public address.");
    }

    /// <summary>Connects to an allowed address of the host, resolved now.</summary>
    /// <exception cref="AddressNotAllowedException">The host has no allowed address.</exception>
    internal async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var host = context.DnsEndPoint.Host;
        var allowed = await AllowedAsync(host, ct);
        if (allowed.Count == 0)
        {
            throw new AddressNotAllowedException(host);
        }

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync([.. allowed], context.DnsEndPoint.Port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<IReadOnlyList<IPAddress>> AllowedAsync(string host, CancellationToken ct)
    {
        IPAddress[] all;
        try
        {
            all = IPAddress.TryParse(host, out var literal) ? [literal] : await resolve(host, ct);
        }
        catch (Exception unknown) when (unknown is SocketException or ArgumentException)
        {
            // The name is unknown, or longer than a name can be.
            return [];
        }

        return settings.AllowPrivateAddresses ? all : [.. all.Where(IsPublic)];
    }

    private static Refusal NotAllowed(string reason) => Refusal.Invalid("webhook_address_not_allowed", reason, "#/url");
}

/// <summary>The host name resolves to no address that may be connected to.</summary>
public sealed class AddressNotAllowedException(string host) : IOException($"{host} resolves to no allowed address.");
