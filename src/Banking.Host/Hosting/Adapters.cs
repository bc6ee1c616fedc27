using System.Reflection;
using System.Runtime.Loader;
using Banking.Platform;
using JasperFx.CodeGeneration;
using Wolverine;

namespace Banking.Host.Hosting;

/// <summary>
/// Wolverine's adapters to handlers and endpoints. The build generates and compiles them (Adapters.targets), because compiling them took
/// two thirds of the time to start. They are an assembly of their own, so that the host itself references only each module's registration.
/// </summary>
internal static class Adapters
{
    public const string FileName = "Banking.Host.Adapters.dll";

    /// <summary>
    /// Gives Wolverine the compiled adapters; a handler without an adapter keeps the host from starting. A host with other modules than the
    /// product's, as a test of a new module has, lets Wolverine compile on demand (package WolverineFx.RuntimeCompilation).
    /// </summary>
    /// <exception cref="ConfigurationException">The adapters are missing, or were generated for other assemblies than those that
    /// run.</exception>
    public static void Use(WolverineOptions wolverine, IReadOnlyList<BankModule> modules)
    {
        var compiled = modules.SequenceEqual(BankModules.All);
        wolverine.CodeGeneration.TypeLoadMode = compiled ? TypeLoadMode.Static : TypeLoadMode.Dynamic;
        // The command that generates them must not see those of the build before: Wolverine would take its list of handlers from there.
        wolverine.ApplicationAssembly =
            compiled && !DynamicCodeBuilder.WithinCodegenCommand ? Load(AppContext.BaseDirectory) : typeof(Adapters).Assembly;
    }

    public static Assembly Load(string folder)
    {
        var file = Path.Combine(folder, FileName);
        if (!File.Exists(file))
        {
            throw new ConfigurationException(
                $"{file} is missing: without it no handler or endpoint can be called. Build or publish the host again.");
        }

        var adapters = AssemblyLoadContext.Default.LoadFromAssemblyPath(file);
        foreach (var origin in adapters.GetCustomAttributes<AssemblyMetadataAttribute>())
        {
            if (VersionOf(Assembly.Load(origin.Key)) != origin.Value)
            {
                throw new ConfigurationException(
                    $"{file} was generated for another build of {origin.Key}. Build or publish the host again.");
            }
        }

        return adapters;
    }

    /// <summary>Source that makes the adapters name the builds they were generated for.</summary>
    /// <param name="modules">The assemblies with handlers; the host, whose policies shape the adapters, is added.</param>
    public static string Origin(IEnumerable<Assembly> modules) =>
        string.Concat(
            modules
                .Append(typeof(Adapters).Assembly)
                .Distinct()
                .Select(a => $"[assembly: System.Reflection.AssemblyMetadata(\"{a.GetName().Name}\", \"{VersionOf(a)}\")]\n"));

    /// <summary>Differs for each different compilation.</summary>
    private static string VersionOf(Assembly assembly) => assembly.ManifestModule.ModuleVersionId.ToString();
}
