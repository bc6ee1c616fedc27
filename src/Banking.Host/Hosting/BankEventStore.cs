using Banking.Commands;
using Banking.EventStore;
using Banking.EventStore.Keys;
using Banking.EventStore.Sealing;
using Banking.EventStore.Storage;
using Banking.EventStore.Versions;
using Banking.Host.Database;
using Banking.Host.Security;
using Banking.ReadModels;
using Banking.ReadModels.Documents;
using Banking.Web;
using Marten;

namespace Banking.Host.Hosting;

/// <summary>Registers what hosts and offline commands share: the event store with the settings of all modules, and the key ring.</summary>
public static class BankEventStore
{
    /// <summary>Registers the event store with the settings of all modules. Hosts and offline commands use it.</summary>
    internal static MartenServiceCollectionExtensions.MartenConfigurationExpression AddEventStore(
        this IServiceCollection services,
        BankConnections connections,
        TimeProvider clock,
        ConnectionBudget budget,
        IReadOnlyList<BankModule> modules)
    {
        foreach (var module in modules)
        {
            services.AddSingleton(module);
        }

        return services
            .AddSingleton(clock)
            .AddConnectionPools(connections, budget)
            .AddEventStore()
            .AddCommands()
            .AddReadModels()
            .AddWeb()
            .AddSingleton(ImportedMovements.Berka)
            .AddSingleton(p => new StoreConfiguration(store => Configure(store, clock, p.GetRequiredService<SealedTexts>(), modules)))
            .AddMarten(p =>
            {
                var store = new StoreOptions();
                Configure(store, clock, p.GetRequiredService<SealedTexts>(), modules);
                return store;
            })
            .UseNpgsqlDataSource(StackConnections.Key)
            .UseLightweightSessions();
    }

    private static void Configure(StoreOptions store, TimeProvider clock, SealedTexts texts, IReadOnlyList<BankModule> modules)
    {
        store.AddEventStore(clock, texts);
        store.AddCommands();
        store.AddReadModels();
        store.AddWeb();
        foreach (var module in modules)
        {
            module.Configure(store);
        }

        store.CompleteReadModels();
    }

    /// <summary>Registers the event store for the offline commands verify, projections and import.</summary>
    /// <param name="keys">The key ring. Null: none, so that no key can be wrapped or unwrapped.</param>
    /// <param name="configuration">The settings of the event archive and of the versions that are written. Null: the defaults.</param>
    public static IServiceCollection AddEventStoreForCommands(
        this IServiceCollection services, BankConnections connections, IReadOnlyList<BankModule> modules, KeyRingFolder? keys = null,
        IConfiguration? configuration = null)
    {
        services.AddEventStore(connections, TimeProvider.System, ConnectionBudget.FromConfiguration(null), modules);
        configuration ??= new ConfigurationBuilder().Build();
        var archive = ArchiveOptions.Read(configuration);
        services
            .AddSingleton(archive.CreateStorage())
            .AddSingleton(archive.CreateCache())
            .AddSingleton(EventSettings.Of(configuration));
        foreach (var module in modules)
        {
            module.AddStored(services);
        }

        services.AddKeyRing(keys ?? new KeyRingFolder("", IsPrivate: false), KeyRingUse.Command);
        return services;
    }

    /// <returns>Whether the key ring is used, because no module wraps keys by another service.</returns>
    internal static bool AddKeyRing(this IServiceCollection services, KeyRingFolder folder, KeyRingUse use)
    {
        if (services.Any(s => s.ServiceType == typeof(IKeyWrapping)))
        {
            return false;
        }

        services.AddSingleton(folder)
            .AddSingleton<IKeyWrapping>(p => new KeyRing(
                folder, use, p.GetRequiredService<ILogger<KeyRing>>(), TimeProvider.System));
        return true;
    }
}
