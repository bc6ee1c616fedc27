using Banking.Host.Hosting;

namespace Banking.Host.Commands;

/// <summary>
/// Settings among the words of a command line: they have a section, and are given as --Section:Name=VALUE or --Section:Name VALUE.
/// </summary>
internal static class SettingArguments
{
    private static readonly string[] Sections = ["Banking", "ConnectionStrings", "Logging", "Kestrel"];

    /// <summary>The settings as --Section:Name=VALUE, and the words that are left without them.</summary>
    public static (string[] Settings, string[] Words) Split(string[] args)
    {
        List<string> settings = [], words = [];
        for (var i = 0; i < args.Length; i++)
        {
            var equals = args[i].IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? args[i] : args[i][..equals];
            if (!name.StartsWith("--", StringComparison.Ordinal) || !name.Contains(':', StringComparison.Ordinal))
            {
                words.Add(args[i]);
            }
            else if (!Sections.Any(s => name.StartsWith($"--{s}:", StringComparison.OrdinalIgnoreCase)))
            {
                throw new ConfigurationException(
                    $"There is no setting {name[2..]}: settings begin with {string.Join(", ", Sections.Select(s => s + ":"))}. Nothing was done."
                );
            }
            else if (equals >= 0)
            {
                settings.Add(args[i]);
            }
            else if (i + 1 < args.Length && !args[i + 1].StartsWith("--", StringComparison.Ordinal))
            {
                settings.Add($"{name}={args[++i]}");
            }
            else
            {
                throw new ConfigurationException($"{name} has no value: {name}=VALUE. Nothing was done.");
            }
        }

        return ([.. settings], [.. words]);
    }
}
