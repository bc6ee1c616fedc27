using System.CommandLine;
using Banking.Host.Hosting;

namespace Banking.Host.Commands;

/// <summary>Options that several commands have, with one meaning.</summary>
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

    /// <summary>
    /// What the configuration of the host is made from: settings of the command line, and options that stand for a setting.
    /// </summary>
    public static string[] With(string[] settings, params ReadOnlySpan<(string Name, string? Value)> options)
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

    /// <summary>Settings of the command line and the environment, checked: one that is not known is refused.</summary>
    /// <exception cref="ConfigurationException">A setting is not known, or its value does not fit.</exception>
    public static IConfigurationRoot Configuration(string[] settings)
    {
        var configuration = new ConfigurationBuilder().AddEnvironmentVariables().AddCommandLine(settings).Build();
        KnownSettings.Check(configuration, BankModules.All);
        return configuration;
    }
}
