using System.Reflection;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Banking.Architecture.Tests;

/// <summary>Folders of an assembly, which are its namespaces, depend on each other in one direction only.</summary>
public sealed class FolderTests
{
    public static TheoryData<string> Assemblies => [.. Solution.Assemblies.Select(Solution.Name)];

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void No_folders_depend_on_each_other_in_a_circle(string assembly)
    {
        using var module = ModuleDefinition.ReadModule(Assembly.Load(assembly).Location);

        var circles = Circles(Dependencies(module));
        Assert.True(circles.Count == 0, string.Join(Environment.NewLine, circles));
    }

    [Fact]
    public void A_circle_is_found() => Assert.Equal(
        ["a -> b -> c -> a"],
        Circles([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "d")]));

    [Fact]
    public void Dependencies_are_found_in_signatures_and_bodies()
    {
        using var module = ModuleDefinition.ReadModule(Assembly.Load("Banking.Commands").Location);

        Assert.Superset(
            new HashSet<(string, string)>
            {
                ("Banking.Commands.Groups", "Banking.Commands.Decisions"),
                ("Banking.Commands.Groups", "Banking.Commands.Receipts"),
            },
            Dependencies(module).ToHashSet());
    }

    /// <summary>Folders that one type of a folder uses. The registration of a module or layer uses everything and is left out.</summary>
    private static IReadOnlyCollection<(string From, string To)> Dependencies(ModuleDefinition module) =>
    [
        .. from type in module.GetTypes()
           let top = Top(type)
           where !top.Name.EndsWith("Module", StringComparison.Ordinal) && top.Namespace.Length > 0
           from used in Used(type)
           where used.Scope == module
           let other = Top(used.Resolve()).Namespace
           where other != top.Namespace && other.Length > 0
           group 0 by (From: top.Namespace, To: other) into edge
           select edge.Key,
    ];

    private static TypeDefinition Top(TypeDefinition type) => type.DeclaringType is { } outer ? Top(outer) : type;

    private static IEnumerable<TypeReference> Used(TypeDefinition type)
    {
        IEnumerable<TypeReference?> named =
        [
            type.BaseType,
            .. type.Interfaces.Select(i => i.InterfaceType),
            .. type.Fields.Select(f => f.FieldType),
            .. type.GenericParameters.SelectMany(p => p.Constraints).Select(c => c.ConstraintType),
            .. type.Methods.SelectMany(m => m.Parameters.Select(p => p.ParameterType).Append(m.ReturnType)),
            .. type.Methods.Where(m => m.HasBody).SelectMany(m => m.Body.Variables.Select(v => v.VariableType)),
            .. type.Methods.Where(m => m.HasBody).SelectMany(m => m.Body.Instructions).SelectMany(Named),
        ];
        return named.OfType<TypeReference>().SelectMany(Parts);
    }

    private static IEnumerable<TypeReference?> Named(Instruction instruction) => instruction.Operand switch
    {
        TypeReference type => [type],
        GenericInstanceMethod method => [method.DeclaringType, .. method.GenericArguments],
        MemberReference member => [member.DeclaringType],
        _ => [],
    };

    /// <summary>The types that a type is made of: elements of arrays, arguments of generic types.</summary>
    private static IEnumerable<TypeReference> Parts(TypeReference type) => type switch
    {
        GenericParameter => [],
        GenericInstanceType generic => [generic.ElementType, .. generic.GenericArguments.SelectMany(Parts)],
        TypeSpecification of => Parts(of.ElementType),
        _ => [type],
    };

    private static List<string> Circles(IReadOnlyCollection<(string From, string To)> edges)
    {
        var next = edges.Where(e => e.From != e.To).ToLookup(e => e.From, e => e.To);
        var circles = new List<string>();
        var done = new HashSet<string>();
        foreach (var start in next.Select(n => n.Key).Order(StringComparer.Ordinal))
        {
            Walk([start]);
        }

        return circles;

        void Walk(List<string> path)
        {
            foreach (var to in next[path[^1]].Order(StringComparer.Ordinal))
            {
                if (path.IndexOf(to) is >= 0 and var at)
                {
                    circles.Add(string.Join(" -> ", path[at..].Append(to)));
                }
                else if (!done.Contains(to))
                {
                    Walk([.. path, to]);
                }
            }

            done.Add(path[^1]);
        }
    }
}
