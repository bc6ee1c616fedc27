using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.Json;
using Banking.SharedKernel;

namespace Banking.Architecture.Tests;

/// <summary>docs/event-catalog.md is generated from the code, so that it is always up to date.</summary>
public sealed class EventCatalogTests
{
    private static readonly NullabilityInfoContext Nullability = new();

    [Fact]
    public void The_catalogue_is_up_to_date()
    {
        var path = Path.Combine(Solution.Root, "docs", "event-catalog.md");
        var catalogue = Catalogue();
        if (Docs.MayWrite)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, catalogue);
        }

        var written = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
        Assert.True(
            written == catalogue,
            "docs/event-catalog.md is stale. Run this test with BANKING_WRITE_DOCS=1 and commit the file. "
                + $"First difference: {Difference(written, catalogue)}");
    }

    [Fact]
    public void Every_event_and_every_field_is_explained() => Assert.All(Solution.Events.Select(e => e.EventType).Concat(Values()), type =>
    {
        Assert.True(Docs.Of(type).Length > 0, $"{type.Name} needs a summary.");
        Assert.All(Fields(type), p => Assert.True(Docs.Of(p).Length > 0, $"{type.Name}.{p.Name} needs a <param>."));
    });

    private static string Catalogue()
    {
        var text = new StringBuilder(
            """
            # Event catalogue

            Written by `EventCatalogTests` from the code and its comments; edit those, and run the test with `BANKING_WRITE_DOCS=1`.
            A name is stored for ever and always means this shape; a new shape is a new version under a new name. Members without a value
            are left out. Actor, recorded time, cause and, for all that moves money, the reason are in the metadata of each event.

            The second column names the member that says when an event takes effect. An event without one takes effect when it is recorded.
            The third says since when releases of the bank know the version: `first` is the version that the event began with.
            Earlier versions are in the log for ever and [converted when they are read](#earlier-versions); `GET /ops/events/types` counts
            the stored events of each.

            | Event | Takes effect | Since | Module | Meaning |
            |---|---|---|---|---|

            """);
        foreach (var e in Solution.Events)
        {
            Line(
                text,
                $"| [`{e.EventTypeName}`](#{Anchor(e.EventTypeName)}) | {TakesEffect(e.EventType)} | {Since(e.EventType)} "
                    + $"| {Module(e.EventType)} "
                    + $"| {Docs.Of(e.EventType)} |");
        }

        foreach (var e in Solution.Events)
        {
            Line(text, $"\n## {e.EventTypeName}\n\n{Docs.Of(e.EventType)}\n");
            Table(text, e.EventType);
            Line(text, $"\n```json\n{GoldenEventTests.Read(e.EventTypeName)}\n```");
        }

        Earlier(text);
        Line(text, "\n## Values");
        foreach (var type in Values())
        {
            Line(text, $"\n### {type.Name}\n\n{Docs.Of(type)}");
            if (Solution.IsRecord(type))
            {
                text.Append('\n');
                Table(text, type);
            }
        }

        return text.ToString().ReplaceLineEndings("\n");
    }

    private static void Earlier(StringBuilder text)
    {
        Line(
            text,
            "\n## Earlier versions\n\nEach is converted to the present event by a pure function. `Banking:Events:WriteVersionsOf` writes "
                + "them during an upgrade\n([operations.md](operations.md#versions-of-events)).\n\n"
                + "| Stored name | Read as | Until | Converted by |\n|---|---|---|---|");
        foreach (var version in Solution.EarlierVersions)
        {
            var present = Solution.Events.Single(e => e.EventType == version.Present).EventTypeName;
            Line(
                text,
                $"| `{version.Name}` | [`{present}`](#{Anchor(present)}) | {version.ReplacedOn:yyyy-MM-dd} | `{version.Upcaster}` |");
        }

        foreach (var version in Solution.EarlierVersions)
        {
            Line(text, $"\n### {version.Name}\n\n```json\n{GoldenEventTests.Read(version.Name)}\n```");
        }
    }

    private static void Table(StringBuilder text, Type type)
    {
        Line(text, "| Field | Type | Meaning |\n|---|---|---|");
        foreach (var property in Fields(type))
        {
            var optional = Nullability.Create(property).ReadState == NullabilityState.Nullable ? ", optional" : "";
            var name = JsonNamingPolicy.CamelCase.ConvertName(property.Name);
            Line(text, $"| `{name}` | {TypeName(property.PropertyType)}{optional} | {Docs.Of(property)} |");
        }
    }

    private static string TypeName(Type type) => type switch
    {
        _ when Nullable.GetUnderlyingType(type) is { } inner => TypeName(inner),
        { IsEnum: true } => string.Join(", ", Enum.GetNames(type).Select(name => $"`{JsonNamingPolicy.KebabCaseLower.ConvertName(name)}`")),
        _ when type == typeof(DateTimeOffset) => "instant",
        _ when type == typeof(DateOnly) => "day",
        _ when type == typeof(Guid) => "uuid",
        _ when type == typeof(string) => "text",
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(int) || type == typeof(long) => "integer",
        _ when type.Assembly == typeof(object).Assembly => throw new InvalidOperationException($"The catalogue has no name for {type}."),
        _ => type.Name,
    };

    /// <summary>The bank's value types in events, and the value types in those.</summary>
    private static List<Type> Values()
    {
        var found = new SortedDictionary<string, Type>(StringComparer.Ordinal);
        var open = new Queue<Type>(Solution.Events.Select(e => e.EventType));
        while (open.TryDequeue(out var type))
        {
            foreach (
                var inner in Fields(type)
                    .Select(p => p.PropertyType)
                    .Where(t => (Solution.IsRecord(t) || t.Assembly == typeof(Money).Assembly) && found.TryAdd(t.Name, t)))
            {
                open.Enqueue(inner);
            }
        }

        return [.. found.Values];
    }

    /// <summary>The members of a record. A value such as Money has its own stored form, as the examples show.</summary>
    private static PropertyInfo[] Fields(Type type) =>
        Solution.IsRecord(type) ? type.GetProperties(BindingFlags.Instance | BindingFlags.Public) : [];

    private static string Module(Type type) => Solution.ModuleOf(type);

    private static string TakesEffect(Type type) =>
        Fields(type).Any(p => p.Name == "EffectiveAt") ? "`effectiveAt`" : "when recorded";

    private static string Since(Type type) =>
        Solution.EarlierVersions.Where(v => v.Present == type).Select(v => v.ReplacedOn).DefaultIfEmpty().Max() is var day && day == default
            ? "first"
            : day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string Anchor(string heading) => heading.Replace(".", "", StringComparison.Ordinal);

    private static void Line(StringBuilder text, string line) => text.Append(CultureInfo.InvariantCulture, $"{line}\n");

    private static string Difference(string written, string catalogue) =>
        catalogue
            .Split('\n')
            .Zip(written.Split('\n').Concat(Enumerable.Repeat("nothing", 10_000)))
            .Where(pair => pair.First != pair.Second)
            .Select(pair => $"the code says '{pair.First}', the file says '{pair.Second}'")
            .FirstOrDefault("the file has more lines");
}
