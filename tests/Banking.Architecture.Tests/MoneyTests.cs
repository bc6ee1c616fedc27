using System.Reflection;
using Banking.EventStore.Streams;

namespace Banking.Architecture.Tests;

/// <summary>Money is counted, not measured: nothing that is stored or sent has a number with a point in it.</summary>
public sealed class MoneyTests
{
    private static readonly HashSet<Type> WithPoint = [typeof(float), typeof(double), typeof(decimal), typeof(Half)];

    public static TheoryData<Type> Types =>
    [
        .. Solution.Events.Select(e => e.EventType),
        .. Solution.Assemblies.SelectMany(a => a.GetTypes()).Where(IsState),
        .. Solution.Contracts.SelectMany(a => a.GetTypes()).Where(t => t.IsPublic && !t.IsEnum),
    ];

    [Fact]
    public void Events_and_states_are_among_what_is_asked()
    {
        var names = Types.Select(row => row.Data.Name).ToList();
        Assert.Contains("MoneyDeposited", names);
        Assert.Contains("Account", names);
        Assert.Contains("DepositMoney", names);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void No_member_however_deep_is_a_floating_or_decimal_number(Type type) => Assert.Empty(Points(type, [], type.Name));

    [Fact]
    public void One_that_is_hidden_deep_is_found() => Assert.Equal(["Outer.Items.Rate"], Points(typeof(Outer), [], nameof(Outer)));

    private static bool IsState(Type type) => type is { IsAbstract: false, IsGenericTypeDefinition: false }
        && type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEventSourced<>));

    private static IEnumerable<string> Points(Type type, HashSet<Type> seen, string path)
    {
        if (WithPoint.Contains(type))
        {
            return [path];
        }

        if (type.HasElementType || type.IsGenericType)
        {
            return (type.HasElementType ? [type.GetElementType()!] : type.GetGenericArguments()).SelectMany(inner =>
                Points(inner, seen, path));
        }

        return type.Assembly.GetName().Name!.StartsWith("Banking.", StringComparison.Ordinal) && seen.Add(type)
            ? type.GetProperties(BindingFlags.Instance | BindingFlags.Public)
                .SelectMany(p => Points(p.PropertyType, seen, $"{path}.{p.Name}"))
            : [];
    }

    private sealed record Outer(IReadOnlyList<Inner?> Items);

    private sealed record Inner(double? Rate);
}
