using System.Reflection;
using Banking.EventStore.Published;
using Banking.Host.Hosting;
using Banking.Publishing.Catalogue;
using Banking.Web;
using JasperFx.Events;
using Marten;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Architecture.Tests;

/// <summary>
/// What there is: every assembly of ours beside this one, and every event that the host's own store knows. Nothing is listed by hand, so
/// nothing new is missed.
/// </summary>
internal static class Solution
{
    private static readonly Lazy<IServiceProvider> Host = new(Composed);

    public static IReadOnlyList<Assembly> Assemblies { get; } =
    [
        .. Directory
            .GetFiles(AppContext.BaseDirectory, "Banking.*.dll")
            .Select(path => Path.GetFileNameWithoutExtension(path))
            // The adapters are generated: no rule is for them.
            .Where(name => name is not ("Banking.Testing" or "Banking.Host.Adapters") && !name.EndsWith(".Tests", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name => Assembly.Load(new AssemblyName(name))),
    ];

    public static IReadOnlyList<Assembly> Contracts { get; } =
    [.. Assemblies.Where(a => Name(a).EndsWith(".Contracts", StringComparison.Ordinal))];

    /// <summary>Assemblies with a registration as a module.</summary>
    public static IReadOnlyList<Assembly> Modules { get; } = [.. Assemblies.Where(a => a.GetTypes().Any(t => t.IsSubclassOf(typeof(BankModule))))];

    /// <summary>The layers below the modules, each of which may know only those before it.</summary>
    public static IReadOnlyList<string> Layers { get; } =
        ["Banking.SharedKernel", "Banking.EventStore", "Banking.Commands", "Banking.ReadModels", "Banking.Web"];

    public static IReadOnlyList<IEventType> Events { get; } =
    [
        .. Store
            .Options.Events.AllKnownEventTypes()
            .Where(e => Assemblies.Contains(e.EventType.Assembly))
            .OrderBy(e => e.EventTypeName, StringComparer.Ordinal),
    ];

    /// <summary>What is published, as the host's modules say.</summary>
    public static PublicContracts Published => Host.Value.GetRequiredService<PublicContracts>();

    public static ContractCatalogue Catalogue => Host.Value.GetRequiredService<ContractCatalogue>();

    public static ISerializer Serializer => Store.Options.Serializer();

    /// <summary>The folder with the solution file.</summary>
    public static string Root { get; } = Up(AppContext.BaseDirectory);

    public static string Name(Assembly assembly) => assembly.GetName().Name!;

    /// <summary>The module of an event. The stored names of events of the layers below the modules begin with "platform".</summary>
    public static string ModuleOf(Type type) => Layers.Contains(Name(type.Assembly)) ? "Platform" : Name(type.Assembly)["Banking.".Length..];

    public static bool IsRecord(Type type) => type.GetMethod("<Clone>$") is not null;

    private static string Up(string folder) => File.Exists(Path.Combine(folder, "Banking.sln"))
        ? folder
        : Up(Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("Banking.sln is in no folder above the tests."));

    /// <summary>The host as it is composed, never started: it needs no database to say what it would store.</summary>
    private static IServiceProvider Composed() => BankHost
        .CreateBuilder(["--environment", "Development"], new("Host=nowhere;Database=none"))
        .Build().Services;

    private static IDocumentStore Store => Host.Value.GetRequiredService<IDocumentStore>();
}
