using System.Text.RegularExpressions;

namespace Banking.Architecture.Tests;

/// <summary>A stored name never changes. It consists of the module, the fact and the version of the shape.</summary>
public sealed partial class EventNameTests
{
    [Fact]
    public void No_two_events_share_a_name_and_no_event_has_two() => Assert.Multiple(
        () => Assert.Equal(Solution.Events.Count, Solution.Events.Select(e => e.EventTypeName).Distinct().Count()),
        () => Assert.Equal(Solution.Events.Count, Solution.Events.Select(e => e.EventType).Distinct().Count()),
        () => Assert.True(Solution.Events.Count >= 12));

    [Fact]
    public void A_name_is_module_fact_and_version() => Assert.All(Solution.Events, e =>
        {
            Assert.Matches(Shape(), e.EventTypeName);
            Assert.StartsWith(
                Solution.ModuleOf(e.EventType).ToLowerInvariant() + ".",
                e.EventTypeName,
                StringComparison.Ordinal);
        });

    [Fact]
    public void An_event_is_a_sealed_record_without_a_meaningless_suffix() => Assert.All(Solution.Events, e =>
    {
        Assert.True(e.EventType.IsSealed && Solution.IsRecord(e.EventType), $"{e.EventType.Name} is not a sealed record.");
        Assert.DoesNotMatch("(Updated|Changed|Event)$", e.EventType.Name);
    });

    [GeneratedRegex(@"^[a-z]+\.[a-z]+(-[a-z]+)*\.v[1-9]\d*$")]
    private static partial Regex Shape();
}
