using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Reflection.PortableExecutable;

namespace Banking.Architecture.Tests;

/// <summary>
/// Allowed references between assemblies. The build checks project references; these tests check the compiled assemblies.
/// </summary>
public sealed class ModuleBoundaryTests
{
    public static TheoryData<string> Assemblies => [.. Solution.Assemblies.Select(Solution.Name)];

    public static TheoryData<string> Modules => [.. Solution.Modules.Select(Solution.Name)];

    [Fact]
    public void The_modules_are_found() =>
        Assert.Superset(
            new HashSet<string> { "Banking.Accounts", "Banking.Customers" }, Solution.Modules.Select(Solution.Name).ToHashSet());

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void An_assembly_references_only_allowed_assemblies(string assembly)
    {
        var ours = Assembly
            .Load(assembly)
            .GetReferencedAssemblies()
            .Select(r => r.Name!)
            .Where(r => r.StartsWith("Banking.", StringComparison.Ordinal));

        Assert.All(ours, other => Assert.True(MayReference(assembly, other), $"{assembly} must not reference {other}."));
    }

    [Theory]
    [MemberData(nameof(Modules))]
    public void The_host_uses_only_the_registration_of_a_module(string module) => Assert.All(
        TypesUsedFrom("Banking.Host", module),
        type => Assert.EndsWith("Module", type, StringComparison.Ordinal));

    /// <summary>Only its own module reads a document. The compiler checks that for types, but not for table names in SQL texts.</summary>
    [Theory]
    [MemberData(nameof(Modules))]
    public void No_module_names_the_tables_of_another(string module)
    {
        var others = Solution
            .Modules.Select(Solution.Name)
            .Where(m => m != module)
            .Select(m => m["Banking.".Length..].ToLowerInvariant() + ".mt_doc");

        Assert.All(others, table => Assert.DoesNotContain(Texts(module), text => text.Contains(table, StringComparison.Ordinal)));
    }

    private static bool MayReference(string assembly, string other) => assembly switch
    {
        "Banking.Host" => true,
        _ when Solution.Layers.Contains(assembly) => Solution.Layers.TakeWhile(l => l != assembly).Contains(other),
        _ when assembly.EndsWith(".Contracts", StringComparison.Ordinal) => other == "Banking.SharedKernel",
        _ => Solution.Layers.Contains(other) || other.EndsWith(".Contracts", StringComparison.Ordinal),
    };

    private static List<string> TypesUsedFrom(string assembly, string other) => Read(assembly, metadata =>
        [.. metadata.TypeReferences.Select(metadata.GetTypeReference)
            .Where(t => t.ResolutionScope.Kind == HandleKind.AssemblyReference
                && metadata.GetString(metadata.GetAssemblyReference((AssemblyReferenceHandle)t.ResolutionScope).Name) == other)
            .Select(t => metadata.GetString(t.Name))]);

    private static List<string> Texts(string assembly) => Read(assembly, metadata =>
    {
        List<string> texts = [];
        for (var handle = MetadataTokens.UserStringHandle(1); !handle.IsNil; handle = metadata.GetNextHandle(handle))
        {
            texts.Add(metadata.GetUserString(handle));
        }

        return texts;
    });

    private static List<string> Read(string assembly, Func<MetadataReader, List<string>> read)
    {
        using var file = new PEReader(File.OpenRead(Assembly.Load(assembly).Location));
        return read(file.GetMetadataReader());
    }
}
