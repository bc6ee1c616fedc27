using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Banking.Architecture.Tests;

/// <summary>
/// What was ever stored is read for ever. A file is written when an event is new (BANKING_WRITE_DOCS=1) and never again: where a test
/// here fails, a shape has moved under a name that is already in somebody's log. Give the new shape a new name instead.
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
    public void What_was_stored_under_this_name_is_read_and_written_as_it_was(string name)
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
    public void No_name_that_was_ever_stored_is_forgotten() =>
        Assert.Equal(
            [],
            Directory
                .GetFiles(Folder, "*.json")
                .Select(f => Path.GetFileNameWithoutExtension(f))
                .Except(Solution.Events.Select(e => e.EventTypeName)));

    internal static string Read(string name) => File.ReadAllText(PathOf(name)).TrimEnd();

    /// <summary>Before any test of the class and before the catalogue reads them.</summary>
    private static void WriteMissing()
    {
        foreach (
            var (name, type) in Solution
                .Events.Select(e => (e.EventTypeName, e.EventType))
                .Where(e => Docs.Written && !File.Exists(PathOf(e.EventTypeName))))
        {
            Directory.CreateDirectory(Folder);
            File.WriteAllText(PathOf(name), JsonNode.Parse(Solution.Serializer.ToJson(Examples.All[type]))!.ToJsonString(Indented) + "\n");
        }
    }

    private static string Folder => Path.Combine(Solution.Root, "tests", "Banking.Architecture.Tests", "golden");

    private static string PathOf(string name) => Path.Combine(Folder, name + ".json");
}
