using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Statements;
using Banking.Accounts.Statements.Formats;
using Banking.SharedKernel;
using JasperFx.Events;

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

    [Theory]
    [InlineData("accounts.money-deposited.v1", "032126afd34007b93b24e8bd94d3d195")]
    [InlineData("accounts.money-withdrawn.v1", "8bf7ebf9f96975db519c335f3ffb152c")]
    [InlineData("accounts.transfer-sent.v1", "b085af385b5fdb20e4d00d6d75a3f09a")]
    [InlineData("accounts.transfer-received.v1", "489394f22c2cf98bf7a80b878e70dbad")]
    [InlineData("accounts.correction-booked.v1", "55de87b0f17ff57144f21918a4d21e9d")]
    [InlineData("accounts.movement-reversed.v1", "7673153c63e6282a7e619fabd3477f65")]
    [InlineData("accounts.movement-rebooked.v1", "b03916da4a22e213da6b16026738a579")]
    public void The_hash_of_a_statement_of_a_stored_event_never_changes(string name, string hash)
    {
        var type = Solution.Events.Single(e => e.EventTypeName == name).EventType;
        var data = Solution.Serializer.FromJson(type, new MemoryStream(Encoding.UTF8.GetBytes(Read(name))));
        var e = (IEvent)Activator.CreateInstance(typeof(Event<>).MakeGenericType(type), data)!;
        (e.Id, e.Version, e.Timestamp) = (new("019b9408-b280-7000-8000-000000000003"), 7, new(2026, 1, 7, 8, 0, 0, TimeSpan.Zero));
        var nothing = Money.Zero(((IMovement)data).Amount.Currency);
        var account = new Account(
            new("019b9408-b280-7000-8000-000000000004"), 7, e.Timestamp, AccountNumber.Create("XB", "DEMO000000000001"), Guid.Empty, [],
            "current", AccountStatus.Open, nothing, nothing, false, false, e.Timestamp, null);

        var content = StatementReader.Content(account, new(2026, 1, 1), new(2026, 2, 1), new(MoneySum.Of(nothing), [e]));

        Assert.Equal(hash, ContentHash.Of(content!)[..32]);
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
