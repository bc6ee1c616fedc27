using Banking.SharedKernel;

namespace Banking.Architecture.Tests;

/// <summary>Contracts between modules are immutable values of plain types.</summary>
public sealed class ContractTests
{
    private static readonly HashSet<Type> Primitives =
        [typeof(string), typeof(bool), typeof(int), typeof(long), typeof(Guid), typeof(DateTimeOffset), typeof(DateOnly)];

    private static readonly HashSet<Type> Containers = [typeof(Nullable<>), typeof(IReadOnlyList<>), typeof(IReadOnlyDictionary<,>)];

    public static TheoryData<Type> Types =>
        [.. Solution.Contracts.SelectMany(a => a.GetTypes()).Where(t => t.IsPublic || t.IsNested && t.IsNestedPublic)];

    [Theory]
    [MemberData(nameof(Types))]
    public void A_contract_is_a_sealed_record_an_enum_constants_or_an_interface_of_getters(Type type) =>
        Assert.True(
            type.IsEnum
                || (type.IsInterface && type.GetMethods().All(m => m.IsSpecialName && m.Name.StartsWith("get_", StringComparison.Ordinal)))
                || (type.IsAbstract && type.IsSealed)
                || (type.IsSealed && Solution.IsRecord(type)),
            $"{type.FullName} is neither a sealed record nor an enum nor a static class nor an interface of getters.");

    [Theory]
    [MemberData(nameof(Types))]
    public void Members_of_a_contract_are_primitives_values_of_the_shared_kernel_or_other_contracts(Type type) => Assert.All(
        type.GetProperties(),
        property => Assert.True(IsPlain(property.PropertyType), $"{type.Name}.{property.Name} is a {property.PropertyType}."));

    private static bool IsPlain(Type type) =>
        Primitives.Contains(type)
        || type.Assembly == typeof(Money).Assembly
        || Solution.Contracts.Contains(type.Assembly)
        || (type.IsGenericType && Containers.Contains(type.GetGenericTypeDefinition()) && type.GetGenericArguments().All(IsPlain));
}
