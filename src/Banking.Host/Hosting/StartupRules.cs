using System.Net;

namespace Banking.Host.Hosting;

/// <summary>
/// Settings with which a host does not start: in Production (whatever is not Development) those that weaken the bank, in Development an
/// address that others reach, because everybody on this machine gets tokens there. All that is wrong is said at once.
/// </summary>
internal static class StartupRules
{
    public const string PrivateDatabase = "Banking:Postgres:AllowInProduction";
    public const string OwnerAsHost = "Banking:Database:AllowOwner";
    public const string RemoteDevelopment = "Banking:Development:AllowRemote";

    private const string Authority = "Banking:Auth:Authority";
    private const string Audience = "Banking:Auth:Audience";
    private const string Webhooks = "Banking:Publishing:Webhooks:";

    /// <summary>
    /// The environment, before there is a host, which is then told. A variable that is named ENVIRONMENT is somebody else's.
    /// </summary>
    /// <param name="option">What the command line says, if anything.</param>
    public static string EnvironmentOf(string? option) =>
        new[]
        {
            option,
            Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT"),
            Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT"),
        }.FirstOrDefault(value => !string.IsNullOrEmpty(value))
        ?? Environments.Production;

    public static bool IsDevelopment(string environment) =>
        Environments.Development.Equals(environment, StringComparison.OrdinalIgnoreCase);

    /// <summary>Before a database is opened, or even made.</summary>
    public static void CheckDatabase(IConfiguration configuration, string environment)
    {
        if (
            !IsDevelopment(environment)
            && string.IsNullOrWhiteSpace(configuration.GetConnectionString(BankDatabase.Name))
            && !IsSet(configuration, PrivateDatabase))
        {
            Refuse([
                $"Production needs ConnectionStrings:{BankDatabase.Name}; to run it on the private PostgreSQL of this host, set {PrivateDatabase}=true.",
            ]);
        }
    }

    public static void CheckSettings(IConfiguration configuration, bool isDevelopment) =>
        Refuse(isDevelopment ? OfDevelopment(configuration) : OfProduction(configuration));

    public static bool IsSet(IConfiguration configuration, string name) =>
        configuration[name] switch
        {
            null or "" => false,
            var text => bool.TryParse(text, out var value)
                ? value
                : throw new ConfigurationException($"{name} is true or false, not \"{text}\"."),
        };

    public static void Refuse(IEnumerable<string> sentences)
    {
        var wrong = sentences.ToList();
        if (wrong.Count > 0)
        {
            throw new ConfigurationException(string.Join(Environment.NewLine, wrong));
        }
    }

    private static IEnumerable<string> OfProduction(IConfiguration configuration)
    {
        var authority = configuration[Authority];
        if (string.IsNullOrWhiteSpace(authority))
        {
            yield return $"Production needs {Authority}: the issuer of the bank's tokens.";
        }
        else if (!Uri.TryCreate(authority, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttps)
        {
            yield return $"{Authority} must be an https address in Production: keys that came over http could be anybody's.";
        }

        if (string.IsNullOrWhiteSpace(configuration[Audience]))
        {
            yield return $"Production needs {Audience}: the bank's own name in its tokens. Without it, tokens for other services would be accepted.";
        }

        foreach (
            var (name, why) in ((string, string)[])
                [
                    ("AllowInsecure", "events would be sent over http"),
                    ("AllowPrivateAddresses", "webhooks would reach into the bank's own network"),
                ])
        {
            if (IsSet(configuration, Webhooks + name))
            {
                yield return $"{Webhooks}{name} must not be set in Production: {why}.";
            }
        }
    }

    private static IEnumerable<string> OfDevelopment(IConfiguration configuration)
    {
        if (IsSet(configuration, RemoteDevelopment))
        {
            yield break;
        }

        foreach (var address in Addresses(configuration).Where(a => !IsLoopback(a)))
        {
            yield return $"In Development the host listens on this machine only, and {address} can be reached from others. Listen on localhost, or set {RemoteDevelopment}=true.";
        }
    }

    /// <summary>As ASP.NET Core takes them: endpoints of Kestrel win over addresses, and these over ports.</summary>
    private static IEnumerable<string> Addresses(IConfiguration configuration)
    {
        var endpoints = configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(e => e["Url"]).OfType<string>().ToList();
        var urls = configuration["urls"] is { Length: > 0 } given
            ? given.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            : [];
        var ports = new[] { ("http", "http_ports"), ("https", "https_ports") }.SelectMany(p =>
            (configuration[p.Item2] ?? "")
                .Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(port => $"{p.Item1}://*:{port}")
        );
        return endpoints.Count > 0 ? endpoints
            : urls.Length > 0 ? urls
            : ports;
    }

    private static bool IsLoopback(string address)
    {
        var binding = BindingAddress.Parse(address);
        return binding.IsUnixPipe || binding.IsNamedPipe || string.Equals(binding.Host, "localhost", StringComparison.OrdinalIgnoreCase)
            || (IPAddress.TryParse(binding.Host.Trim('[', ']'), out var ip) && IPAddress.IsLoopback(ip));
    }
}
