using System.Reflection;
using System.Runtime.Loader;
using Banking.Web;
using JasperFx.CodeGeneration;
using Wolverine;

namespace Banking.Host.Hosting;

/// <summary>
/// Wolverine's adapters for handlers and endpoints. The build generates and compiles them (Adapters.targets), because compiling them at
/// start takes two thirds of the start time. They form a separate assembly, so that the host itself references only the module
/// registrations.
/// </summary>
internal static class Adapters
{
    public const string FileName = "Banking.Host.Adapters.dll";

    /// <summary>
    /// Gives Wolverine the compiled adapters. A handler without an adapter prevents the host from starting. A host with a different module
    /// list, such as a test of a new module, lets Wolverine compile on demand (package WolverineFx.RuntimeCompilation).
    /// </summary>
    /// <exception cref="ConfigurationException">The adapters are missing, or were generated for other builds of the assemblies.</exception>
    public static void Use(WolverineOptions wolverine, IReadOnlyList<BankModule> modules)
    {
        var compiled = modules.SequenceEqual(BankModules.All);
        wolverine.CodeGeneration.TypeLoadMode = compiled ? TypeLoadMode.Static : TypeLoadMode.Dynamic;
        // The codegen command must not load the adapters of the previous build: Wolverine would take its list of handlers from them.
        wolverine.ApplicationAssembly =
            compiled && !DynamicCodeBuilder.WithinCodegenCommand ? Load(AppContext.BaseDirectory) : typeof(Adapters).Assembly;
    }

    public static Assembly Load(string folder)
    {
        var file = Path.Combine(folder, FileName);
        if (!File.Exists(file))
        {
            throw new ConfigurationException(
                $"{file} is missing, so no handler or endpoint can be called. Build or publish the host again.");
        }

        var adapters = AssemblyLoadContext.Default.LoadFromAssemblyPath(file);
        foreach (var origin in adapters.GetCustomAttributes<AssemblyMetadataAttribute>())
        {
            if (ReadVersion(Assembly.Load(origin.Key)) != origin.Value)
            {
                throw new ConfigurationException(
                    $"{file} was generated for another build of {origin.Key}. Build or publish the host again.");
            }
        }

        return adapters;
    }

    /// <summary>Creates source that records in the adapters the builds for which they were generated.</summary>
    /// <param name="modules">The assemblies with handlers. The host is added, because its policies shape the adapters.</param>
    public static string CreateOriginSource(IEnumerable<Assembly> modules) =>
        string.Concat(
            modules
                .Append(typeof(Adapters).Assembly)
                .Distinct()
                .Select(a => $"[assembly: System.Reflection.AssemblyMetadata(\"{a.GetName().Name}\", \"{ReadVersion(a)}\")]\n"));

    /// <summary>Each compilation has its own id.</summary>
    private static string ReadVersion(Assembly assembly) => assembly.ManifestModule.ModuleVersionId.ToString();
}
