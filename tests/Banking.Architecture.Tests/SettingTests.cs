using System.Text.RegularExpressions;
using Banking.Host.Hosting;

namespace Banking.Architecture.Tests;

/// <summary>The known settings are those that the code reads and that operations.md documents.</summary>
public sealed partial class SettingTests
{
    [Fact]
    public async Task Every_setting_is_documented()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Solution.Root, "docs", "operations.md"), TestContext.Current.CancellationToken);

        Assert.All(KnownSettings.Names, n => Assert.True(IsNamed(text, n) || IsNamed(text, Named(n)) || IsShortened(text, n), n));
    }

    [Fact]
    public void Every_setting_that_the_code_reads_by_name_is_known()
    {
        var read = Directory.EnumerateFiles(Path.Combine(Solution.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .SelectMany(f => Setting().Matches(File.ReadAllText(f)).Select(m => m.Groups[1].Value))
            .Distinct()
            .ToList();

        Assert.Contains("Banking:DataFolder", read);
        Assert.All(read, r => Assert.Contains(KnownSettings.Names, n => n == r || n.StartsWith(r + ":", StringComparison.Ordinal)));
    }

    [Fact]
    public void The_settings_of_docker_compose_are_known()
    {
        var compose = File.ReadAllText(Path.Combine(Solution.Root, "docker-compose.yml"));
        var set = Variable().Matches(compose).Select(m => m.Groups[1].Value.Replace("__", ":", StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(set);
        Assert.All(set, s => Assert.Contains(s, KnownSettings.Names));
    }

    /// <summary>In the table of docs/operations.md only the first name of a row is complete. Others are shortened: …:Kafka:Topic.</summary>
    private static bool IsShortened(string text, string name)
    {
        var parts = name.Split(':');
        return Enumerable
            .Range(1, parts.Length - 1)
            .Any(i =>
                text.Contains($"`…:{Named(string.Join(':', parts[i..]))}`", StringComparison.Ordinal));
    }

    private static bool IsNamed(string text, string setting) => text.Contains(setting, StringComparison.Ordinal);

    /// <summary>The docs write NAME where any name may be.</summary>
    private static string Named(string setting) => setting.Replace(":*", ":NAME", StringComparison.Ordinal);

    [GeneratedRegex("^ +(Banking__[A-Za-z_]+):", RegexOptions.Multiline)]
    private static partial Regex Variable();

    [GeneratedRegex("\"(Banking(?::[A-Za-z]+)+)\"")]
    private static partial Regex Setting();
}
