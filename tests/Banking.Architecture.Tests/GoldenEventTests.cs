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

    public static TheoryData<string> Earlier => [.. Solution.EarlierVersions.Select(v => v.Name)];

    /// <summary>What each stored version of a movement changes the balance by, in minor units. A value never changes.</summary>
    public static TheoryData<string, long> Changes => new()
    {
        { "accounts.money-deposited.v1", 240_000 },
        { "accounts.money-deposited.v2", 240_000 },
        { "accounts.money-deposited.v3", 240_000 },
        { "accounts.money-withdrawn.v1", -500 },
        { "accounts.money-withdrawn.v2", -500 },
        { "accounts.money-withdrawn.v3", -500 },
        { "accounts.transfer-sent.v1", -95_000 },
        { "accounts.transfer-sent.v2", -95_000 },
        { "accounts.transfer-sent.v3", -95_000 },
        { "accounts.transfer-received.v1", 95_000 },
        { "accounts.transfer-received.v2", 95_000 },
        { "accounts.transfer-received.v3", 95_000 },
        { "accounts.correction-booked.v1", -1 },
        { "accounts.difference-booked.v1", -1 },
        { "accounts.movement-reversed.v1", -240_000 },
        { "accounts.movement-reversed.v2", -240_000 },
        { "accounts.movement-reversed.v3", -240_000 },
        { "accounts.movement-rebooked.v1", 95_000 },
        { "accounts.movement-rebooked.v2", 95_000 },
        { "accounts.movement-rebooked.v3", 95_000 },
    };

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
    [MemberData(nameof(Earlier))]
    public void An_earlier_version_is_read_converted_and_written_as_it_was(string name)
    {
        var version = Solution.EarlierVersions.Single(v => v.Name == name);
        var golden = JsonNode.Parse(Read(name))!;

        var present = ReadPresent(name);

        Assert.IsType(version.Present, present);
        Assert.Equal(present, ReadPresent(name));
        Assert.True(JsonNode.DeepEquals(golden, JsonNode.Parse(Solution.Serializer.ToJson(version.Downcast(present)!))));
        Assert.Equal(
            name.EndsWith(".v2", StringComparison.Ordinal) || name == "accounts.correction-booked.v1",
            version.Downcast(Examples.All[version.Present]) is not null);
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public void Every_stored_version_folds_to_the_same_balance(string name, long change)
    {
        var data = (IMovement)ReadPresent(name);
        var opening = Money.Zero(data.Amount.Currency);
        var account = Account.Fold(
            null,
            Guid.Empty,
            new AccountOpened(AccountNumber.Create("XB", "DEMO000000000001"), Guid.Empty, "current", opening, data.EffectiveAt),
            data.EffectiveAt);

        Assert.Equal(change, Account.Fold(account, account.Id, data, data.EffectiveAt).Balance.Minor);
    }

    [Fact]
    public void Every_stored_version_of_a_movement_has_its_change_of_the_balance() => Assert.Equal(
        Solution.StoredTypes.Keys.Where(n => ReadPresent(n) is IMovement),
        Changes.Select(c => c.Data.Item1).Order(StringComparer.Ordinal));

    /// <summary>A new version of a stored event is published under the contract of the former one, with the same data.</summary>
    [Theory]
    [MemberData(nameof(Earlier))]
    public void What_is_published_of_an_earlier_version_and_of_the_present_one_is_the_same(string name)
    {
        var earlier = ReadPresent(name);
        var present = Examples.All[earlier.GetType()];
        var contract = Solution.Published.Find(earlier.GetType())!;

        Assert.EndsWith(".v1", contract.Type, StringComparison.Ordinal);
        Assert.Equal(contract.ToData(Event(present)), contract.ToData(Event(earlier)));
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
    [InlineData("accounts.difference-booked.v1", "55de87b0f17ff57144f21918a4d21e9d")]
    public void The_hash_of_a_statement_of_a_stored_event_never_changes(string name, string hash) =>
        Assert.Equal(hash, HashOf(name)[..32]);

    private static string HashOf(string name)
    {
        var data = ReadPresent(name);
        var e = Event(data);
        var nothing = Money.Zero(((IMovement)data).Amount.Currency);
        var account = new Account(
            new("019b9408-b280-7000-8000-000000000004"), 7, e.Timestamp, AccountNumber.Create("XB", "DEMO000000000001"), Guid.Empty, [],
            "current", AccountStatus.Open, nothing, nothing, false, false, e.Timestamp, null);

        var content = StatementReader.Content(account, new(2026, 1, 1), new(2026, 2, 1), new(MoneySum.Of(nothing), [e]));

        return ContentHash.Of(content!);
    }

    /// <summary>A sealed counterparty is hashed as what it says.</summary>
    [Theory]
    [InlineData("accounts.money-deposited")]
    [InlineData("accounts.money-withdrawn")]
    [InlineData("accounts.transfer-sent")]
    [InlineData("accounts.transfer-received")]
    [InlineData("accounts.movement-reversed")]
    [InlineData("accounts.movement-rebooked")]
    public void A_statement_of_a_sealed_counterparty_has_the_hash_of_one_that_is_not_sealed(string fact)
    {
        Assert.Contains("goldenfiles0.", Read(fact + ".v3"), StringComparison.Ordinal);
        Assert.Equal(HashOf(fact + ".v2"), HashOf(fact + ".v3"));
    }

    [Fact]
    public void Every_name_that_was_ever_stored_is_known() =>
        Assert.Equal(
            [],
            Directory
                .GetFiles(Folder, "*.json")
                .Select(f => Path.GetFileNameWithoutExtension(f))
                .Except(Solution.StoredTypes.Keys));

    internal static string Read(string name) => File.ReadAllText(PathOf(name)).TrimEnd();

    /// <summary>Reads the golden file of a stored name as the bank reads such an event: an earlier version is converted.</summary>
    private static object ReadPresent(string name)
    {
        var stored = Solution.Serializer.FromJson(Solution.StoredTypes[name], new MemoryStream(Encoding.UTF8.GetBytes(Read(name))))!;
        return Solution.EarlierVersions.FirstOrDefault(v => v.Name == name) is { } version ? version.Upcast(stored) : stored;
    }

    private static IEvent Event(object data)
    {
        var e = (IEvent)Activator.CreateInstance(typeof(Event<>).MakeGenericType(data.GetType()), data)!;
        (e.Id, e.Version, e.Timestamp) = (new("019b9408-b280-7000-8000-000000000003"), 7, new(2026, 1, 7, 8, 0, 0, TimeSpan.Zero));
        return e;
    }

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
