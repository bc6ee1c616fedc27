using System.CommandLine;
using System.CommandLine.Parsing;
using Banking.Host.Hosting;
using Banking.SharedKernel;

namespace Banking.Host.Commands;

/// <summary>Options shared by several commands.</summary>
internal static class CommonOptions
{
    /// <summary>No limit but that of the type, with room for code that asks for one more.</summary>
    private const int Unlimited = int.MaxValue - 1;

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

    /// <param name="what">What it confirms.</param>
    public static Option<bool> Yes(string what = "--fresh") => new("--yes") { Description = $"confirms {what} without being asked" };

    /// <summary>Refuses an empty path, which a script passes if its variable is not set.</summary>
    public static Argument<string> PathArgument(string name, string description)
    {
        var path = new Argument<string>(name) { Description = description };
        path.Validators.Add(r => RequirePath(r, r.GetValue(path), name));
        return path;
    }

    /// <inheritdoc cref="PathArgument"/>
    public static Option<string> PathOption(string name, string description, bool isRequired)
    {
        var path = new Option<string>(name) { Description = description, HelpName = "FOLDER", Required = isRequired };
        path.Validators.Add(r => RequirePath(r, r.GetValue(path), name));
        return path;
    }

    /// <summary>Adds an error if the path is empty.</summary>
    public static void RequirePath(SymbolResult result, string? path, string name)
    {
        if (string.IsNullOrWhiteSpace(path))
        {
            result.AddError($"{name} is empty: name a file or folder.");
        }
    }

    /// <summary>An option with a whole number, in digits only.</summary>
    public static Option<int> Number(string name, string help, string description, int otherwise, int max = Unlimited) => new(name)
    {
        Description = description,
        HelpName = help,
        DefaultValueFactory = _ => otherwise,
        CustomParser = result =>
        {
            if (result.Tokens is [var one] && Exact.TryInt(one.Value, out var number) && number >= 1 && number <= max)
            {
                return number;
            }

            result.AddError(max >= Unlimited ? $"{name} {help}: a number above zero." : $"{name} {help}: a number, 1 to {max}.");
            return otherwise;
        },
    };

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
    public static IConfigurationRoot BuildConfiguration(string[] settings)
    {
        var builder = new ConfigurationBuilder();
        foreach (var prefix in new[] { "DOTNET_", "ASPNETCORE_", null })
        {
            SetVariables.Add(builder, prefix);
        }

        return builder.AddCommandLine(settings).Build();
    }
}
