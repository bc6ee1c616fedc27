using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Banking.Architecture.Tests;

/// <summary>
/// Every stored event stays readable. The golden file of a new event is written once (BANKING_WRITE_DOCS=1) and never changed. A failing
/// test means that the shape of a stored name has changed: give the new shape a new name instead.
/// </summary>
public sealed class GoldenEventTests
{
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    static GoldenEventTests() => WriteMissing();

    public static TheoryData<string> Names => [.. Solution.Events.Select(e => e.EventTypeName)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_stored_event_is_read_and_written_unchanged(string name)
    {
        var type = Solution.Events.Single(e => e.EventTypeName == name).EventType;
        Assert.True(Examples.All.TryGetValue(type, out var example), $"{type.Name} needs a value in {nameof(Examples)}.");
        Assert.True(File.Exists(PathOf(name)), $"{name} needs a golden file. Write it with BANKING_WRITE_DOCS=1 and commit it.");
        var golden = File.ReadAllText(PathOf(name));
        var read = Solution.Serializer.FromJson(type, new MemoryStream(Encoding.UTF8.GetBytes(golden)));
        Assert.Equal(example, read);
        var (stored, again) = (JsonNode.Parse(golden), JsonNode.Parse(Solution.Serializer.ToJson(read)));
        Assert.True(JsonNode.DeepEquals(stored, again), $"{name} was stored as\n{stored}\nand would now be stored as\n{again}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void An_example_sets_every_member(string name)
    {
        var example = Examples.All[Solution.Events.Single(e => e.EventTypeName == name).EventType];

        Assert.All(example.GetType().GetProperties(), p => Assert.NotNull(p.GetValue(example)));
    }

    [Fact]
    public void Every_name_that_was_ever_stored_is_known() =>
        Assert.Equal(
            [],
            Directory
                .GetFiles(Folder, "*.json")
                .Select(f => Path.GetFileNameWithoutExtension(f))
                .Except(Solution.Events.Select(e => e.EventTypeName)));

    internal static string Read(string name) => File.ReadAllText(PathOf(name)).TrimEnd();

    /// <summary>Runs before the tests of this class and before the catalogue reads the files.</summary>
    private static void WriteMissing()
    {
        foreach (
            var (name, type) in Solution
                .Events.Select(e => (e.EventTypeName, e.EventType))
                .Where(e => Docs.MayWrite && !File.Exists(PathOf(e.EventTypeName))))
        {
            Directory.CreateDirectory(Folder);
            File.WriteAllText(PathOf(name), JsonNode.Parse(Solution.Serializer.ToJson(Examples.All[type]))!.ToJsonString(Indented) + "\n");
        }
    }

    private static string Folder => Path.Combine(Solution.Root, "tests", "Banking.Architecture.Tests", "golden");

    private static string PathOf(string name) => Path.Combine(Folder, name + ".json");
}
