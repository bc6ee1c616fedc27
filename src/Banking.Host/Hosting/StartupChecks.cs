using Banking.Host.Security;

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

    /// <summary>What is wrong with the settings, whichever database they name.</summary>
    public static IEnumerable<string> FindProblems(IConfiguration configuration, bool isDevelopment) =>
        AuthSettings.FindProblems(configuration, isDevelopment)
        .Concat(isDevelopment ? [] : FindProductionProblems(configuration))
        .Concat(ListenAddresses.FindProblems(
            configuration, loopbackOnly: isDevelopment && !SettingRules.IsEnabled(configuration, RemoteDevelopment)));

    /// <summary>Production uses the private database only if a setting says so.</summary>
    public static IEnumerable<string> FindDatabaseProblems(IConfiguration configuration, string environment)
    {
        if (
            !IsDevelopment(environment)
            && string.IsNullOrWhiteSpace(configuration.GetConnectionString(BankDatabase.Name))
            && !SettingRules.IsEnabled(configuration, PrivateDatabase))
        {
            yield return $"Production needs ConnectionStrings:{BankDatabase.Name}. "
                + $"To use the private PostgreSQL of this host instead, set {PrivateDatabase}=true.";
        }
    }

    private static IEnumerable<string> FindProductionProblems(IConfiguration configuration)
    {
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
}
