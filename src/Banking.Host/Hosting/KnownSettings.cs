using System.Collections;
using System.ComponentModel;
using System.Reflection;
using Banking.Host.Database;
using Banking.Platform;
using Banking.Platform.ReadModels;

namespace Banking.Host.Hosting;

/// <summary>Every setting of the bank. One that is not among them would be ignored unheard: it is refused, wherever it was given.</summary>
public static class KnownSettings
{
    private const string Root = "Banking";

    /// <summary>Settings with a name of their own, and the type of their value.</summary>
    private static readonly Dictionary<string, Type> Single = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Banking:DataFolder"] = typeof(string),
        ["Banking:FollowsLog"] = typeof(bool),
        ["Banking:Postgres:BinFolder"] = typeof(string),
        [ConnectionBudget.Setting] = typeof(int),
        [StartupRules.PrivateDatabase] = typeof(bool),
        [StartupRules.OwnerAsHost] = typeof(bool),
        [StartupRules.RemoteDevelopment] = typeof(bool),
        ["Banking:Auth:Authority"] = typeof(string),
        ["Banking:Auth:Audience"] = typeof(string),
        ["ConnectionStrings:banking"] = typeof(string),
        ["ConnectionStrings:owner"] = typeof(string),
    };

    /// <summary>Sections that are read into a record, member by member.</summary>
    private static readonly (string Section, Type Record)[] Sections =
    [
        ("Banking:Sentinel", typeof(SentinelSettings)),
        ("Banking:RateLimits", typeof(RateLimitSettings)),
    ];

    /// <summary>Names of all settings; the ones that end in * stand for any name.</summary>
    public static IReadOnlyCollection<string> Names { get; } = [.. All(BankModules.All).Select(s => s.Name)];

    /// <exception cref="ConfigurationException">A setting is not known, or its value does not fit.</exception>
    public static void Check(IConfiguration configuration, IReadOnlyList<BankModule> modules)
    {
        var known = All(modules).ToDictionary(s => s.Name, s => s.Type, StringComparer.OrdinalIgnoreCase);
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

            if (Type(known, name) is not { } type)
            {
                var nearest = known.Keys.MinBy(k => Spelling.Distance(k, name));
                throw new ConfigurationException($"There is no setting {name}. Did you mean {nearest}? docs/operations.md lists all.");
            }

            if (value.Length > 0 && !TypeDescriptor.GetConverter(type).IsValid(value))
            {
                throw new ConfigurationException($"{name} is {Form(type)}, and not \"{value}\".");
            }
        }
    }

    private static IEnumerable<(string Name, Type Type)> All(IReadOnlyList<BankModule> modules) =>
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

    private static Type? Type(Dictionary<string, Type> known, string name) =>
        known.GetValueOrDefault(name)
        ?? known
            .FirstOrDefault(k =>
                k.Key.EndsWith(":*", StringComparison.Ordinal) && name.StartsWith(k.Key[..^1], StringComparison.OrdinalIgnoreCase))
            .Value;

    private static string Form(Type type) =>
        type == typeof(bool) ? "true or false"
        : type == typeof(string) ? "a text"
        : $"a number ({type.Name})";
}
