using System.Collections;
using System.ComponentModel;
using System.Reflection;
using Banking.Commands.Receipts;
using Banking.EventStore.Versions;
using Banking.Host.Database;
using Banking.Host.Security;
using Banking.ReadModels.Verifying;
using Banking.Web;
using Banking.Web.Http;

namespace Banking.Host.Hosting;

/// <summary>All settings of the bank. The host refuses an unknown setting from any source, because it would be ignored silently.</summary>
public static class KnownSettings
{
    private const string Root = "Banking";

    /// <summary>Single settings and the types of their values.</summary>
    private static readonly Dictionary<string, Type> Single = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Banking:DataFolder"] = typeof(string),
        ["Banking:FollowsLog"] = typeof(bool),
        [KeyRingFolder.Setting] = typeof(string),
        [EpochStart.Setting] = typeof(string),
        [BankDatabase.BinFolderSetting] = typeof(string),
        [ConnectionBudget.Setting] = typeof(int),
        [StartupChecks.PrivateDatabase] = typeof(bool),
        [StartupChecks.OwnerAsHost] = typeof(bool),
        [StartupChecks.RemoteDevelopment] = typeof(bool),
        [Telemetry.PrometheusSetting] = typeof(bool),
        [ApiDocs.ServersSetting + ":*"] = typeof(string),
        [AuthSettings.AuthorityName] = typeof(string),
        [AuthSettings.AudienceName] = typeof(string),
        [AuthSettings.AudienceName + ":*"] = typeof(string),
        [AuthSettings.RoleClaimName] = typeof(string),
        [AuthSettings.RoleClaimName + ":*"] = typeof(string),
        [AuthSettings.RolesName + ":*"] = typeof(string),
        [AuthSettings.ActorClaimName] = typeof(string),
        [AuthSettings.CustomerClaimName] = typeof(string),
        [AuthSettings.NameClaimName] = typeof(string),
        [AuthSettings.CertificateAuthorityFileName] = typeof(string),
        ["ConnectionStrings:banking"] = typeof(string),
        ["ConnectionStrings:owner"] = typeof(string),
    };

    /// <summary>Sections that bind to a record. Each member is a setting.</summary>
    private static readonly (string Section, Type Record)[] Sections =
    [
        ("Banking:Sentinel", typeof(SentinelSettings)),
        (BackupOptions.Section, typeof(BackupOptions)),
        (ArchiveOptions.Section, typeof(ArchiveOptions)),
        (EventSettings.Section, typeof(EventSettings)),
        (IdempotencySettings.Section, typeof(IdempotencySettings)),
        ("Banking:RateLimits", typeof(RateLimitSettings)),
        ("Banking:EventStreams", typeof(EventStreamSettings)),
    ];

    /// <summary>The names of all settings. A * stands for any name.</summary>
    public static IReadOnlyCollection<string> Names { get; } = [.. Collect(BankModules.All).Select(s => s.Name)];

    /// <summary>Settings that are unknown, or whose value has the wrong type.</summary>
    public static IEnumerable<string> FindProblems(IConfiguration configuration, IReadOnlyList<BankModule> modules)
    {
        var known = Collect(modules).ToDictionary(s => s.Name, s => s.Type, StringComparer.OrdinalIgnoreCase);
        foreach (
            var (name, value) in configuration
                .GetSection(Root)
                .AsEnumerable()
                .Concat(configuration.GetSection("ConnectionStrings").AsEnumerable()))
        {
            if (value is null)
            {
                continue;
            }

            if (FindType(known, name) is not { } type)
            {
                var nearest = known.Keys.MinBy(k => Spelling.Distance(k, name));
                yield return $"There is no setting {name}. Did you mean {nearest}? docs/operations.md lists all settings.";
            }
            else if (type != typeof(string) && value.Length == 0)
            {
                yield return $"{name} is empty. Set {DescribeType(type)}, or leave it out.";
            }
            else if (!IsValue(type, value))
            {
                yield return $"{name} must be {DescribeType(type)}, not \"{value}\".";
            }
        }

        foreach (var problem in FindLevelProblems(configuration))
        {
            yield return problem;
        }
    }

    /// <summary>Levels that ASP.NET Core would end the host for.</summary>
    private static IEnumerable<string> FindLevelProblems(IConfiguration configuration) =>
        from setting in configuration.GetSection("Logging").AsEnumerable()
        where setting.Key.Split(':') is [_, .. var parts, _] && parts.Contains("LogLevel", StringComparer.OrdinalIgnoreCase)
            && !string.IsNullOrEmpty(setting.Value) && !Enum.TryParse<LogLevel>(setting.Value, ignoreCase: true, out _)
        select $"{setting.Key} must be one of {string.Join(", ", Enum.GetNames<LogLevel>())}, not \"{setting.Value}\".";

    private static IEnumerable<(string Name, Type Type)> Collect(IReadOnlyList<BankModule> modules) =>
        Single
            .Select(s => (s.Key, s.Value))
            .Concat(modules.SelectMany(m => m.Settings))
            .Concat(
                from section in Sections.Concat(modules.SelectMany(m => m.SettingSections))
                from member in section.Record.GetProperties(BindingFlags.Public | BindingFlags.Instance)
                where member.CanWrite
                let isMap = typeof(IEnumerable).IsAssignableFrom(member.PropertyType) && member.PropertyType != typeof(string)
                select (
                    $"{section.Section}:{member.Name}{(isMap ? ":*" : "")}",
                    isMap ? typeof(string) : Nullable.GetUnderlyingType(member.PropertyType) ?? member.PropertyType));

    private static Type? FindType(Dictionary<string, Type> known, string name) =>
        known.GetValueOrDefault(name)
        ?? known
            .FirstOrDefault(k => k.Key.Contains('*', StringComparison.Ordinal) && IsOfPattern(name.Split(':'), k.Key.Split(':')))
            .Value;

    /// <summary>Whether a name fits a pattern. A * in the middle stands for one part, at the end for one or more.</summary>
    private static bool IsOfPattern(string[] name, string[] pattern) =>
        (name.Length == pattern.Length || (name.Length > pattern.Length && pattern[^1] == "*"))
        && pattern.Zip(name).All(p => p.First == "*" || p.First.Equals(p.Second, StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// Whether a value can be read as its type. Converters also read numbers in base 16, such as 0x30 and #30, and ignore spaces: those are
    /// refused, because they may not mean what they are read as.
    /// </summary>
    private static bool IsValue(Type type, string value) =>
        type == typeof(string)
        || (!value.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c is '#' or '&' or 'x' or 'X')
            && TypeDescriptor.GetConverter(type).IsValid(value));

    private static string DescribeType(Type type) =>
        type == typeof(bool) ? "true or false"
        : type == typeof(string) ? "a text"
        : type == typeof(DateOnly) ? "a day (yyyy-mm-dd)"
        : $"a number ({type.Name})";
}
