using System.Net;
using System.Net.Sockets;
using Banking.Commands.Decisions;

namespace Banking.Publishing.Webhooks;

/// <summary>
/// Who registers an endpoint makes this host send requests to where it may get and they may not: into the bank's own network. So only
/// public addresses are connected to. Asked at registration, for an answer; and decided when connecting, on the address itself, for a name
/// can be pointed elsewhere between the two.
/// </summary>
public sealed class AddressGuard(WebhookSettings settings, AddressGuard.Resolver resolve)
{
    /// <summary>The addresses of a name.</summary>
    public delegate Task<IPAddress[]> Resolver(string host, CancellationToken ct);

    private const int LongestUrl = 2_000;

    /// <summary>Of IPv4: everything that IANA lists as not reachable by all, whatever uses it.</summary>
    private static readonly IPNetwork[] Closed =
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

    /// <summary>Of IPv6: only what is given out to the world, without what in it carries an IPv4 address or stands in books.</summary>
    private static readonly IPNetwork Global = IPNetwork.Parse("2000::/3");
    private static readonly IPNetwork[] ClosedInGlobal =
    [
        .. new[] { "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20" }.Select(IPNetwork.Parse),
    ];

    public static bool IsPublic(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.AddressFamily == AddressFamily.InterNetwork
            ? !Closed.Any(n => n.Contains(plain))
            : Global.Contains(plain) && !ClosedInGlobal.Any(n => n.Contains(plain));
    }

    /// <summary>What is wrong with an address as somebody gives it, or null.</summary>
    public async Task<Refusal?> ProblemAsync(string url, CancellationToken ct)
    {
        if (
            url.Length > LongestUrl
            || !Uri.TryCreate(url, UriKind.Absolute, out var uri)
            || uri.Host.Length == 0
            || url.Any(c => c is <= ' ' or > '~'))
        {
            return Problems.Malformed(
                "malformed_url", $"url is an absolute address of at most {LongestUrl} printable ASCII characters.", "#/url", status: 422);
        }

        if (!(uri.Scheme == Uri.UriSchemeHttps || (settings.AllowInsecure && uri.Scheme == Uri.UriSchemeHttp)))
        {
            return NotAllowed("Only https will do: what is told is nobody else's to read.");
        }

        if (uri.UserInfo.Length > 0 || uri.Fragment.Length > 0)
        {
            return NotAllowed("No user, password or fragment belongs into it: who sends is proven by the signature.");
        }

        return settings.AllowPrivateAddresses || (await AllowedAsync(uri.DnsSafeHost, ct)).Count > 0
            ? null
            : NotAllowed("It leads to no public address.");
    }

    /// <summary>Connects to an allowed address of the host, whatever its name has come to mean by now.</summary>
    /// <exception cref="AddressNotAllowedException">There is none.</exception>
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
            // Nobody knows the name, or it is longer than a name can be.
            return [];
        }

        return settings.AllowPrivateAddresses ? all : [.. all.Where(IsPublic)];
    }

    private static Refusal NotAllowed(string why) => Problems.Malformed("webhook_address_not_allowed", why, "#/url", status: 422);
}

/// <summary>The name leads to no address that may be connected to.</summary>
public sealed class AddressNotAllowedException(string host) : IOException($"{host} leads to no address that is allowed.");
