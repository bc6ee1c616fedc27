using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Banking.Architecture.Tests;

/// <summary>
/// What is stored is read strictly: of every event there is, each member, however deep, left out, null or of another type makes the event
/// unreadable, unless the member says by its type or its default that it may be absent. Nothing is guessed.
/// </summary>
public sealed class StrictEventTests
{
    private static readonly Dictionary<string, bool> MoneyMembers = new() { ["minor"] = false, ["currency"] = false, ["scale"] = false };

    public static TheoryData<string, string> Members
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var (name, type) in Solution.StoredTypes)
            {
                foreach (var (path, _) in Walk(type, Golden(name), ""))
                {
                    all.Add(name, path);
                }
            }

            return all;
        }
    }

    [Fact]
    public void Every_kind_of_member_is_among_what_is_asked()
    {
        var asked = Members.Select(m => m.Data.Item1 + m.Data.Item2).ToList();

        Assert.Contains("accounts.money-deposited.v1/amount", asked);
        Assert.Contains("accounts.money-deposited.v2/details/purpose/code", asked);
        Assert.Contains("accounts.money-deposited.v1/amount/scale", asked);
        Assert.Contains("accounts.money-deposited.v1/bankSide", asked);
        Assert.Contains("accounts.money-deposited.v1/details/counterparty/bank", asked);
        Assert.Contains("accounts.money-deposited.v3/details/counterparty", asked);
        Assert.Contains("accounts.account-opened.v1/source/line", asked);
        Assert.Contains("customers.customer-registered.v1/personal/algorithm", asked);
    }

    [Theory]
    [MemberData(nameof(Members))]
    public void A_member_that_is_left_out_or_null_or_of_another_type_makes_the_event_unreadable(string name, string path)
    {
        var optional = Walk(TypeOf(name), Golden(name), "").Single(m => m.Path == path).Optional;

        Expect(name, path, optional, (parent, member) => parent.Remove(member));
        Expect(name, path, optional, (parent, member) => parent[member] = null);
        foreach (var other in Others(Find(Golden(name), path)))
        {
            Expect(name, path, false, (parent, member) => parent[member] = other.DeepClone());
        }
    }

    [Theory]
    [MemberData(nameof(Members))]
    public void A_member_under_another_name_makes_the_event_unreadable(string name, string path)
    {
        foreach (
            var other in (string[])
                ["renamed", char.ToUpperInvariant(path[(path.LastIndexOf('/') + 1)]) + path[(path.LastIndexOf('/') + 2)..]])
        {
            Expect(name, path, false, (parent, member) =>
            {
                var value = parent[member]!.DeepClone();
                parent.Remove(member);
                parent[other] = value;
            });
        }
    }

    [Theory]
    [InlineData("accounts.money-deposited.v2", "amount", """{"minor":0,"currency":"EUR","scale":2}""", "source")]
    [InlineData("accounts.money-deposited.v1", "amount", """{"minor":0,"currency":"EUR","scale":2}""", "source")]
    [InlineData("accounts.money-deposited.v1", "amount", """{"minor":-1,"currency":"EUR","scale":2}""", null)]
    [InlineData("accounts.money-withdrawn.v1", "amount", """{"minor":0,"currency":"EUR","scale":2}""", "source")]
    [InlineData("accounts.money-withdrawn.v1", "amount", """{"minor":-1,"currency":"EUR","scale":2}""", null)]
    [InlineData("accounts.transfer-sent.v2", "amount", """{"minor":0,"currency":"EUR","scale":2}""", null)]
    [InlineData("accounts.transfer-sent.v1", "amount", """{"minor":0,"currency":"EUR","scale":2}""", null)]
    [InlineData("accounts.transfer-received.v1", "amount", """{"minor":-9223372036854775808,"currency":"EUR","scale":2}""", null)]
    [InlineData("accounts.correction-booked.v1", "amount", """{"minor":-5,"currency":"EUR","scale":2}""", null)]
    [InlineData("accounts.overdraft-limit-set.v1", "limit", """{"minor":-5,"currency":"EUR","scale":2}""", null)]
    [InlineData("accounts.account-opened.v1", "overdraftLimit", """{"minor":-5,"currency":"EUR","scale":2}""", null)]
    [InlineData("accounts.money-deposited.v1", "amount", """{"minor":5,"currency":"","scale":2}""", null)]
    [InlineData("accounts.money-deposited.v1", "amount", """{"minor":5,"currency":"eur","scale":2}""", null)]
    [InlineData("accounts.money-deposited.v1", "amount", """{"minor":5,"currency":"EUR","scale":2,"rate":1}""", null)]
    [InlineData("accounts.money-deposited.v1", "amount", """{"minor":5.5,"currency":"EUR","scale":2}""", null)]
    [InlineData("accounts.money-deposited.v1", "bankSide", "\"vault\"", null)]
    [InlineData("accounts.money-deposited.v1", "bankSide", "\"Cash\"", null)]
    [InlineData("accounts.money-deposited.v1", "bankSide", "\"cash,settlement\"", null)]
    [InlineData("accounts.money-deposited.v1", "bankSide", "\"\"", null)]
    [InlineData("accounts.correction-booked.v1", "direction", "\"credit,debit\"", null)]
    [InlineData("accounts.account-frozen.v1", "scope", "2", null)]
    [InlineData("accounts.money-deposited.v1", "effectiveAt", "\"2026-01-06\"", null)]
    [InlineData("accounts.money-deposited.v1", "effectiveAt", "\"2026-01-06T15:00:00\"", null)]
    [InlineData("accounts.account-opened.v1", "number", "\"XB00DEMO000000000001\"", null)]
    public void A_value_that_cannot_be_makes_the_event_unreadable(string name, string member, string value, string? without)
    {
        var json = Golden(name);
        json.Remove(without ?? "");
        json[member] = JsonNode.Parse(value);

        var failure = Assert.ThrowsAny<JsonException>(() => Read(name, json));

        Assert.StartsWith("$." + member, failure.Path, StringComparison.Ordinal);
    }

    /// <summary>Some members have JSON as text. What is in it is no less strict.</summary>
    [Theory]
    [InlineData("periods.period-closed.v1", "totals", "debits", "debit")]
    [InlineData("periods.period-closed.v1", "totals", "\"scale\":2,", "")]
    [InlineData("periods.period-closed.v1", "totals", "\"entries\":3", "\"entries\":\"3\"")]
    [InlineData("periods.period-closed.v1", "totals", "\"950.00\"", "null")]
    [InlineData("periods.period-closed.v1", "totals", "[{", "[null,{")]
    [InlineData("periods.period-closed.v1", "totals", "]", "")]
    [InlineData("periods.period-closed.v1", "checks", "isPassed", "IsPassed")]
    [InlineData("periods.period-closed.v1", "checks", "true", "1")]
    [InlineData("periods.period-closed.v1", "checks", "\"facts\":{", "\"more\":1,\"facts\":{")]
    [InlineData("approvals.command-proposed.v1", "command", "fields", "members")]
    [InlineData("approvals.command-proposed.v1", "command", "{\"commandId\":\"4711\"}", "null")]
    [InlineData("approvals.command-proposed.v1", "basis", "limits", "limit")]
    [InlineData("approvals.command-proposed.v1", "basis", "7000", "\"7000\"")]
    [InlineData("approvals.command-proposed.v1", "basis", "}}", "")]
    [InlineData("approvals.proposed-command-refused.v1", "facts", "{\"version\":3}", "3")]
    [InlineData("approvals.proposed-command-refused.v1", "facts", "}", "")]
    public void A_text_that_is_not_what_it_should_be_makes_the_event_unreadable(string name, string member, string part, string other)
    {
        var json = Golden(name);
        var text = (string)json[member]!;
        Assert.Contains(part, text, StringComparison.Ordinal);
        json[member] = text.Replace(part, other, StringComparison.Ordinal);

        var failure = Assert.ThrowsAny<JsonException>(() => Read(name, json));

        Assert.StartsWith("$." + member, failure.Path, StringComparison.Ordinal);
    }

    [Fact]
    public void A_row_of_nothing_from_the_books_of_another_bank_is_read_as_it_is()
    {
        var json = Golden("accounts.money-deposited.v1");
        json["amount"]!["minor"] = 0;

        Assert.NotNull(Read("accounts.money-deposited.v1", json));
    }

    private static void Expect(string name, string path, bool readable, Action<JsonObject, string> change)
    {
        var json = Golden(name);
        var (parent, member) = (path.LastIndexOf('/'), path[(path.LastIndexOf('/') + 1)..]);
        change((JsonObject)(parent == 0 ? json : Find(json, path[..parent])!), member);
        if (readable)
        {
            Assert.NotNull(Read(name, json));
            return;
        }

        var failure = Record.Exception(() => Read(name, json));
        Assert.True(failure is JsonException, $"{json.ToJsonString()} was read, or failed otherwise: {failure}");
        // Named, by its path or in the words.
        Assert.True(
            failure.Message.Contains(member, StringComparison.OrdinalIgnoreCase)
                || ((JsonException)failure).Path!.Contains(path.Split('/')[1], StringComparison.Ordinal)
                || failure.Message.Contains("renamed", StringComparison.Ordinal),
            $"{path} is not named: {failure.Message} {((JsonException)failure).Path}");
    }

    /// <summary>Each member of an event's JSON, and whether it may be absent.</summary>
    private static IEnumerable<(string Path, bool Optional)> Walk(Type type, JsonObject json, string at)
    {
        foreach (var (name, value) in json)
        {
            var (optional, inner) = type == typeof(SharedKernel.Money) ? (MoneyMembers[name], typeof(object)) : Parameter(type, name);
            yield return ($"{at}/{name}", optional);
            foreach (var below in value is JsonObject child ? Walk(inner, child, $"{at}/{name}") : [])
            {
                yield return below;
            }
        }
    }

    private static (bool Optional, Type Type) Parameter(Type type, string name)
    {
        var parameter = type.GetConstructors().Single(c => c.GetParameters() is [var only] ? only.ParameterType != type : true)
            .GetParameters().Single(p => JsonNamingPolicy.CamelCase.ConvertName(p.Name!) == name);
        var nullable = Nullable.GetUnderlyingType(parameter.ParameterType);
        return (
            nullable is not null || new NullabilityInfoContext().Create(parameter).ReadState == NullabilityState.Nullable,
            nullable ?? parameter.ParameterType);
    }

    private static IEnumerable<JsonNode> Others(JsonNode? value)
    {
        var kind = value!.GetValueKind();
        if (kind != JsonValueKind.String)
        {
            yield return JsonValue.Create("7");
        }

        if (kind is not JsonValueKind.Number)
        {
            yield return JsonValue.Create(7);
        }

        if (kind is not (JsonValueKind.True or JsonValueKind.False))
        {
            yield return JsonValue.Create(true);
        }

        yield return new JsonArray();
        if (kind != JsonValueKind.Object)
        {
            yield return new JsonObject();
        }
    }

    private static JsonNode? Find(JsonObject json, string path) =>
        path.Split('/', StringSplitOptions.RemoveEmptyEntries).Aggregate((JsonNode?)json, (node, name) => node![name]);

    private static object Read(string name, JsonObject json) =>
        Solution.Serializer.FromJson(TypeOf(name), new MemoryStream(Encoding.UTF8.GetBytes(json.ToJsonString())))!;

    private static Type TypeOf(string name) => Solution.StoredTypes[name];

    private static JsonObject Golden(string name) => (JsonObject)JsonNode.Parse(GoldenEventTests.Read(name))!;
}
