using Banking.Platform.Publication;
using Banking.Publishing.Lanes;
using Banking.Publishing.Modules;
using Banking.Publishing.Outbox;
using Marten;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Wolverine;

namespace Banking.Publishing;

/// <summary>The front door of the module: how what is committed reaches the world.</summary>
public static class PublishingModule
{
    /// <summary>The schema of its tables.</summary>
    public const string Schema = "publishing";

    /// <summary>What telemetry listens to.</summary>
    public const string MeterName = LaneMeter.MeterName;

    /// <summary>The names under which what happens to destinations is stored, for ever.</summary>
    private static readonly (Type Type, string Name)[] EventNames =
    [
        (typeof(DestinationHeld), "publishing.destination-held.v1"),
        (typeof(DestinationReleased), "publishing.destination-released.v1"),
        (typeof(DeadLettersReplayed), "publishing.dead-letters-replayed.v1"),
        (typeof(DeadLetterDiscarded), "publishing.dead-letter-discarded.v1"),
    ];

    /// <summary>SQL objects of the module. Idempotent.</summary>
    public static IReadOnlyList<string> Sql { get; } = LaneStore.Sql;

    public static IServiceCollection AddPublishing(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var section = configuration.GetSection("Banking:Publishing");
        return services
            .AddSingleton(new PublicationSettings(section["Source"] ?? PublicEvent.DefaultSource))
            .AddSingleton<LogWatch>()
            .AddHostedService(p => p.GetRequiredService<LogWatch>())
            .AddSingleton<LaneStore>()
            .AddSingleton<LaneControl>()
            .AddSingleton<WaitingAccounts>()
            .AddSingleton<LaneSignals>()
            .AddSingleton<LaneMeter>()
            .AddSingleton<OutboxView>()
            .AddSingleton<OutboxDesk>()
            .AddSingleton<IDestinationSource, ModulesSource>()
            .AddHostedService<LaneHost>();
    }

    public static void AddPublishing(this StoreOptions store)
    {
        ArgumentNullException.ThrowIfNull(store);
        foreach (var (type, name) in EventNames)
        {
            store.Events.MapEventType(type, name);
        }
    }

    public static void AddPublishing(this WolverineOptions wolverine)
    {
        ArgumentNullException.ThrowIfNull(wolverine);
        wolverine.Discovery.IncludeAssembly(typeof(PublishingModule).Assembly);
        ModuleMessages.Configure(wolverine);
    }
}
