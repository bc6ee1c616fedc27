using System.Reflection;
using Banking.EventStore.Published;
using Banking.EventStore.Sealing;
using Banking.EventStore.Versions;
using Banking.Host;
using Banking.Host.Hosting;
using Banking.Publishing.Catalogue;
using Banking.Web;
using Banking.Web.OpenApi;
using JasperFx.Events;
using Marten;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace Banking.Architecture.Tests;

/// <summary>
/// The bank's assemblies and events, found in this folder and in the host's store. There is no list to maintain, so that new ones are
/// tested too.
/// </summary>
internal static class Solution
{
    private static readonly Lazy<IServiceProvider> Host = new(() => Compose([]));

    public static IReadOnlyList<Assembly> Assemblies { get; } =
    [
        .. Directory
            .GetFiles(AppContext.BaseDirectory, "Banking.*.dll")
            .Select(path => Path.GetFileNameWithoutExtension(path))
            // The adapters are generated, so the rules do not apply.
            .Where(name => name is not ("Banking.Testing" or "Banking.Host.Adapters") && !name.EndsWith(".Tests", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name => Assembly.Load(new AssemblyName(name))),
    ];

    public static IReadOnlyList<Assembly> Contracts { get; } =
    [.. Assemblies.Where(a => Name(a).EndsWith(".Contracts", StringComparison.Ordinal))];

    /// <summary>Assemblies with a registration as a module.</summary>
    public static IReadOnlyList<Assembly> Modules { get; } =
        [.. Assemblies.Where(a => a.GetTypes().Any(t => t.IsSubclassOf(typeof(BankModule))))];

    /// <summary>The layers below the modules. Each may reference only those before it.</summary>
    public static IReadOnlyList<string> Layers { get; } =
        ["Banking.SharedKernel", "Banking.EventStore", "Banking.Commands", "Banking.ReadModels", "Banking.Web"];

    public static IReadOnlyList<IEventType> Events { get; } =
    [
        .. Store
            .Options.Events.AllKnownEventTypes()
            .Where(e => Assemblies.Contains(e.EventType.Assembly))
            .OrderBy(e => e.EventTypeName, StringComparer.Ordinal),
    ];

    /// <summary>The earlier versions of events, which are read for ever.</summary>
    public static IReadOnlyList<EarlierVersion> EarlierVersions { get; } =
        [.. Host.Value.GetRequiredService<EventVersions>().Earlier.OrderBy(v => v.Name, StringComparer.Ordinal)];

    /// <summary>The type that reads the data of each stored name, of whatever version.</summary>
    public static IReadOnlyDictionary<string, Type> StoredTypes { get; } =
        Events.Select(e => (Name: e.EventTypeName, Type: e.EventType)).Concat(EarlierVersions.Select(v => (v.Name, Type: v.Stored)))
            .OrderBy(t => t.Name, StringComparer.Ordinal).ToDictionary(t => t.Name, t => t.Type);

    /// <summary>The contracts of published events, from the host's modules.</summary>
    public static PublicContracts Published => Host.Value.GetRequiredService<PublicContracts>();

    public static PublicEventData EventData => Host.Value.GetRequiredService<PublicEventData>();

    public static IEnumerable<PublicIds> PublicIds => Host.Value.GetServices<PublicIds>();

    public static ContractCatalogue Catalogue => Host.Value.GetRequiredService<ContractCatalogue>();

    /// <summary>The OpenAPI document of the product.</summary>
    public static Task<string> OpenApiAsync() => OpenApiAsync(Host.Value);

    /// <summary>The OpenAPI document of a host with further settings.</summary>
    public static Task<string> OpenApiAsync(string[] settings) => OpenApiAsync(Compose(settings));

    private static async Task<string> OpenApiAsync(IServiceProvider host)
    {
        var document = await host.GetRequiredKeyedService<IOpenApiDocumentProvider>("v1").GetOpenApiDocumentAsync();
        return (await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1)).ReplaceLineEndings("\n") + "\n";
    }

    public static ProblemCatalogue Problems { get; } = new(BankModules.All);

    public static ISerializer Serializer => Store.Options.Serializer();

    /// <summary>The folder with the solution file.</summary>
    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    public static string Name(Assembly assembly) => assembly.GetName().Name!;

    /// <summary>The module of an event. The stored names of events of the layers below the modules begin with "platform".</summary>
    public static string ModuleOf(Type type) =>
        Layers.Contains(Name(type.Assembly)) ? "Platform" : Name(type.Assembly)["Banking.".Length..];

    public static bool IsRecord(Type type) => type.GetMethod("<Clone>$") is not null;

    private static string FindRoot(string folder) => File.Exists(Path.Combine(folder, "Banking.sln"))
        ? folder
        : FindRoot(Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("No folder above the tests has Banking.sln."));

    /// <summary>Composes the host without starting it, because its configuration needs no database.</summary>
    private static IServiceProvider Compose(string[] settings)
    {
        var builder = BankHost.CreateBuilder(["--environment", "Development", .. settings], new("Host=nowhere;Database=none"));
        // The key of the golden files.
        builder.Services.AddSingleton(TextKeys.Of(TextKey.Of("goldenfiles0", new byte[32])!));
        var app = builder.Build();
        app.Configure();
        // Makes the endpoints known to the OpenAPI document, which a start of the host would do.
        app.UseEndpoints(_ => { });
        return app.Services;
    }

    private static IDocumentStore Store => Host.Value.GetRequiredService<IDocumentStore>();
}
