using System.Net;

namespace Banking.Host.Hosting;

/// <summary>
/// Checks of the settings before a host starts. Production, which is every environment except Development, refuses settings that weaken the
/// bank. Development refuses addresses that other machines can reach, because it issues tokens without authentication. All problems are
/// reported together.
/// </summary>
internal static class StartupChecks
{
    public const string PrivateDatabase = "Banking:Postgres:AllowInProduction";
    public const string OwnerAsHost = "Banking:Database:AllowOwner";
    public const string RemoteDevelopment = "Banking:Development:AllowRemote";

    private const string Authority = "Banking:Auth:Authority";
    private const string Audience = "Banking:Auth:Audience";
    private const string Webhooks = "Banking:Publishing:Webhooks:";

    /// <summary>
    /// Finds the name of the environment before a host exists. The variable ENVIRONMENT is ignored, because other programs use it.
    /// </summary>
    /// <param name="option">The option of the command line, if any.</param>
    public static string ResolveEnvironment(string? option) =>
        new[]
        {
            option,
            Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT"),
            Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT"),
        }.FirstOrDefault(value => !string.IsNullOrEmpty(value))
        ?? Environments.Production;

    public static bool IsDevelopment(string environment) =>
        Environments.Development.Equals(environment, StringComparison.OrdinalIgnoreCase);

    /// <summary>Runs before a database is opened or created.</summary>
    public static void CheckDatabase(IConfiguration configuration, string environment)
    {
        if (
            !IsDevelopment(environment)
            && string.IsNullOrWhiteSpace(configuration.GetConnectionString(BankDatabase.Name))
            && !SettingRules.IsEnabled(configuration, PrivateDatabase))
        {
            SettingRules.ThrowIfAny([
                $"Production needs ConnectionStrings:{BankDatabase.Name}. "
                    + $"To use the private PostgreSQL of this host instead, set {PrivateDatabase}=true.",
            ]);
        }
    }

    public static void CheckSettings(IConfiguration configuration, bool isDevelopment) =>
        SettingRules.ThrowIfAny(isDevelopment ? FindDevelopmentProblems(configuration) : FindProductionProblems(configuration));

    private static IEnumerable<string> FindProductionProblems(IConfiguration configuration)
    {
        var authority = configuration[Authority];
        if (string.IsNullOrWhiteSpace(authority))
        {
            yield return $"Production needs {Authority}: the issuer of the bank's tokens.";
        }
        else if (!Uri.TryCreate(authority, UriKind.Absolute, out var uri) || uri.Scheme != Uri.UriSchemeHttps)
        {
            yield return $"{Authority} must be an https address in Production, because an attacker could replace keys fetched over http.";
        }

        if (string.IsNullOrWhiteSpace(configuration[Audience]))
        {
            yield return $"Production needs {Audience}: the bank's own name in its tokens. "
                + "Without it the bank would accept tokens for other services.";
        }

        foreach (
            var (name, why) in ((string, string)[])
                [
                    ("AllowInsecure", "events would be sent over http"),
                    ("AllowPrivateAddresses", "webhooks would reach into the bank's own network"),
                ])
        {
            if (SettingRules.IsEnabled(configuration, Webhooks + name))
            {
                yield return $"{Webhooks}{name} must not be set in Production: {why}.";
            }
        }
    }

    private static IEnumerable<string> FindDevelopmentProblems(IConfiguration configuration)
    {
        if (SettingRules.IsEnabled(configuration, RemoteDevelopment))
        {
            yield break;
        }

        foreach (var address in FindAddresses(configuration).Where(a => !IsLoopback(a)))
        {
            yield return $"Other machines can reach {address}, but in Development the host serves this machine only. "
                + $"Listen on localhost, or set {RemoteDevelopment}=true.";
        }
    }

    /// <summary>Uses ASP.NET Core's precedence: Kestrel endpoints, then addresses, then ports.</summary>
    private static IEnumerable<string> FindAddresses(IConfiguration configuration)
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
