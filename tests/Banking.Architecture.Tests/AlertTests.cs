using System.Text.RegularExpressions;

namespace Banking.Architecture.Tests;

/// <summary>The alert rules speak of metrics that exist, and operators find each alert in the docs.</summary>
public sealed partial class AlertTests
{
    private static readonly string Rules = File.ReadAllText(Path.Combine(Solution.Root, "deploy/alerts/banking.yml"));

    [Fact]
    public void Every_alert_is_explained()
    {
        var docs = File.ReadAllText(Path.Combine(Solution.Root, "docs/operations.md"));
        var alerts = Alert().Matches(Rules).Select(m => m.Groups[1].Value).ToList();

        Assert.NotEmpty(alerts);
        Assert.All(alerts, alert => Assert.Contains($"`{alert}`", docs, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_metric_of_a_rule_is_one_of_the_bank()
    {
        var instruments = Directory.GetFiles(Path.Combine(Solution.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
            .SelectMany(f => Instrument().Matches(File.ReadAllText(f)))
            .Select(m => m.Groups[1].Value.Replace('.', '_'))
            .ToHashSet();
        var metrics = Metric().Matches(Rules).Select(m => m.Value).Distinct().ToList();

        Assert.NotEmpty(metrics);
        // Prometheus' names end with the unit of a metric, and with total for a counter.
        Assert.All(metrics, metric => Assert.Contains(Suffix().Replace(metric, ""), instruments));
    }

    [GeneratedRegex("alert: (\\w+)")]
    private static partial Regex Alert();

    [GeneratedRegex("\"(banking\\.[a-z_.]+)\"")]
    private static partial Regex Instrument();

    [GeneratedRegex("banking_[a-z_]+")]
    private static partial Regex Metric();

    [GeneratedRegex("_(total|seconds)$")]
    private static partial Regex Suffix();
}
