using Banking.Web.Http;

namespace Banking.Host.Commands;

/// <summary>
/// Separates the settings of a command line (--Section:Name=VALUE or --Section:Name VALUE) from its other words.
/// </summary>
internal static class SettingArguments
{
    private static readonly string[] Sections = ["Banking", "ConnectionStrings", "Logging", "Kestrel"];

    /// <summary>The parts of ASP.NET Core's sections. It ignores any other part.</summary>
    private static readonly Dictionary<string, string[]> Parts = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Kestrel"] = ["Endpoints", "EndpointDefaults", "Certificates"],
        ["Logging"] = ["LogLevel", "Console", "Debug", "EventSource", "EventLog", "OpenTelemetry"],
    };

    /// <returns>The settings as --Section:Name=VALUE, each of them once, and the remaining words.</returns>
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
                var sections = string.Join(", ", Sections.Select(s => s + ":"));
                throw new ConfigurationException($"There is no setting {name[2..]}: settings begin with {sections}. Nothing was done.");
            }
            else if (name.Split(':') is [var section, var part, ..]
                && Parts.TryGetValue(section[2..], out var parts) && !parts.Contains(part, StringComparer.OrdinalIgnoreCase))
            {
                throw new ConfigurationException(
                    $"There is no setting {name[2..]}. Did you mean {section[2..]}:{parts.MinBy(p => Spelling.Distance(p, part))}? "
                        + "Nothing was done.");
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

        var twice = settings.GroupBy(NameOf, StringComparer.OrdinalIgnoreCase).FirstOrDefault(s => s.Count() > 1);
        return twice is null
            ? ([.. settings], [.. words])
            : throw new ConfigurationException($"{twice.Key} is given {twice.Count()} times: give it once. Nothing was done.");
    }

    private static string NameOf(string setting) => setting[..setting.IndexOf('=', StringComparison.Ordinal)];
}
