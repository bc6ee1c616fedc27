using System.CommandLine;
using Banking.Host.Hosting;

namespace Banking.Host.Commands;

/// <summary>Options shared by several commands.</summary>
internal static class CommonOptions
{
    public static Option<string> Environment() => new("--environment")
    {
        Description = "Development or Production; overrides ASPNETCORE_ENVIRONMENT",
        HelpName = "NAME",
    };

    public static Option<bool> Json(string description) => new("--json") { Description = description };

    public static Option<bool> Fresh() => new("--fresh")
    {
        Description = "deletes all data of the private cluster first; in Development only, and only after a confirmation",
    };

    public static Option<bool> Yes() => new("--yes") { Description = "confirms --fresh without being asked" };

    /// <summary>Adds options that stand for a setting to the settings of the command line.</summary>
    public static string[] AddOptions(string[] settings, params ReadOnlySpan<(string Name, string? Value)> options)
    {
        List<string> all = [.. settings];
        foreach (var (name, value) in options)
        {
            if (value is not null)
            {
                all.Add($"--{name}={value}");
            }
        }

        return [.. all];
    }

    /// <summary>Reads and checks the settings of the environment and the command line.</summary>
    /// <exception cref="ConfigurationException">A setting is unknown, or its value has the wrong type.</exception>
    public static IConfigurationRoot ReadConfiguration(string[] settings)
    {
        var configuration = BuildConfiguration(settings);
        SettingRules.ThrowIfAny(KnownSettings.FindProblems(configuration, BankModules.All));
        return configuration;
    }

    /// <summary>The settings as a host will have them, with ASP.NET Core's variables.</summary>
    public static IConfigurationRoot BuildConfiguration(string[] settings) =>
        new ConfigurationBuilder()
            .AddEnvironmentVariables("DOTNET_")
            .AddEnvironmentVariables("ASPNETCORE_")
            .AddEnvironmentVariables()
            .AddCommandLine(settings)
            .Build();
}
