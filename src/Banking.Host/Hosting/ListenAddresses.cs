using System.Net;
using System.Net.Sockets;

namespace Banking.Host.Hosting;

/// <summary>Checks the addresses on which the host is to listen, before it opens a database.</summary>
internal static class ListenAddresses
{
    public const string Default = "http://localhost:5080";

    /// <summary>Whether the settings name an address. Without one the host listens on <see cref="Default"/>.</summary>
    public static bool AreSet(IConfiguration configuration) => Find(configuration).Any();

    /// <summary>In Development addresses that other machines can reach are refused, unless a setting allows them.</summary>
    public static IEnumerable<string> FindProblems(IConfiguration configuration, bool loopbackOnly)
    {
        foreach (var address in Find(configuration))
        {
            if (Parse(address) is not { } binding)
            {
                yield return $"{address} is not an address to listen on. Write it like http://127.0.0.1:5080.";
            }
            else if (loopbackOnly && !IsLoopback(binding))
            {
                yield return $"Other machines can reach {address}, but in Development the host serves this machine only. "
                    + $"Listen on localhost, or set {StartupChecks.RemoteDevelopment}=true.";
            }
        }
    }

    /// <summary>Addresses that another program uses, or that this machine or user may not.</summary>
    public static IEnumerable<string> FindObstacles(IConfiguration configuration) =>
        from address in Find(configuration).DefaultIfEmpty(Default)
        let binding = Parse(address)
        let obstacle = binding is null ? null : FindObstacle(binding)
        where obstacle is not null
        select $"The host cannot listen on {address}: {obstacle}. Choose another address with --urls.";

    /// <summary>Uses ASP.NET Core's precedence: Kestrel endpoints, then addresses, then ports.</summary>
    private static IEnumerable<string> Find(IConfiguration configuration)
    {
        var endpoints = configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(e => e["Url"]).OfType<string>().ToList();
        var urls = Split(configuration["urls"]);
        var ports = new[] { ("http", "http_ports"), ("https", "https_ports") }
            .SelectMany(p => Split(configuration[p.Item2]).Select(port => $"{p.Item1}://*:{port}"));
        return endpoints.Count > 0 ? endpoints
            : urls.Length > 0 ? urls
            : ports;
    }

    private static string[] Split(string? list) =>
        (list ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static BindingAddress? Parse(string address)
    {
        try
        {
            return BindingAddress.Parse(address) is { Port: >= 0 and <= IPEndPoint.MaxPort } binding ? binding : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static bool IsLoopback(BindingAddress binding) =>
        IsNotTcp(binding) || IsLocalhost(binding) || (Literal(binding) is { } ip && IPAddress.IsLoopback(ip));

    private static bool IsNotTcp(BindingAddress binding) => binding.IsUnixPipe || binding.IsNamedPipe;

    private static bool IsLocalhost(BindingAddress binding) =>
        string.Equals(binding.Host, "localhost", StringComparison.OrdinalIgnoreCase);

    private static IPAddress? Literal(BindingAddress binding) =>
        IPAddress.TryParse(binding.Host.Trim('[', ']'), out var ip) ? ip : null;

    /// <summary>Tries to listen as the host will. A name that is no address of this machine means all of its addresses.</summary>
    private static string? FindObstacle(BindingAddress binding)
    {
        if (IsNotTcp(binding) || binding.Port == 0)
        {
            return null;
        }

        var ip = IsLocalhost(binding) ? IPAddress.Loopback : Literal(binding) ?? IPAddress.Any;
        try
        {
            using var listener = new TcpListener(ip, binding.Port);
            listener.Start();
            return null;
        }
        catch (SocketException failure)
        {
            return failure.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => "another program listens there",
                SocketError.AccessDenied => "this user may not use that port",
                SocketError.AddressNotAvailable => "this machine does not have that address",
                _ => failure.Message,
            };
        }
    }
}
