using System.Reflection;
using Banking.EventStore.Streams;

namespace Banking.Architecture.Tests;

/// <summary>Amounts are whole numbers of minor units: no stored or published type has a floating point or decimal member.</summary>
public sealed class MoneyTests
{
    private static readonly HashSet<Type> Fractional = [typeof(float), typeof(double), typeof(decimal), typeof(Half)];

    public static TheoryData<Type> Types =>
    [
        .. Solution.Events.Select(e => e.EventType),
        .. Solution.Assemblies.SelectMany(a => a.GetTypes()).Where(IsState),
        .. Solution.Contracts.SelectMany(a => a.GetTypes()).Where(t => t.IsPublic && !t.IsEnum),
    ];

    [Fact]
    public void Events_states_and_contracts_are_checked()
    {
        var names = Types.Select(row => row.Data.Name).ToList();
        Assert.Contains("MoneyDeposited", names);
        Assert.Contains("Account", names);
        Assert.Contains("DepositMoney", names);
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void No_member_at_any_depth_is_a_floating_point_or_decimal_number(Type type) =>
        Assert.Empty(FindFractional(type, [], type.Name));

    [Fact]
    public void A_nested_member_is_found() =>
        Assert.Equal(["Outer.Items.Rate"], FindFractional(typeof(Outer), [], nameof(Outer)));

    private static bool IsState(Type type) => type is { IsAbstract: false, IsGenericTypeDefinition: false }
        && type.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(IEventSourced<>));

    private static IEnumerable<string> FindFractional(Type type, HashSet<Type> seen, string path)
    {
        if (Fractional.Contains(type))
        {
            return [path];
        }

        if (type.HasElementType || type.IsGenericType)
        {
            return (type.HasElementType ? [type.GetElementType()!] : type.GetGenericArguments()).SelectMany(inner =>
                FindFractional(inner, seen, path));
        }

        return type.Assembly.GetName().Name!.StartsWith("Banking.", StringComparison.Ordinal) && seen.Add(type)
            ? type.GetProperties(BindingFlags.Instance | BindingFlags.Public)
                .SelectMany(p => FindFractional(p.PropertyType, seen, $"{path}.{p.Name}"))
            : [];
    }

    private sealed record Outer(IReadOnlyList<Inner?> Items);

    private sealed record Inner(double? Rate);
}
