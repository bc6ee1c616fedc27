using Banking.Platform.Publication;
using Banking.Publishing.Catalogue;
using Banking.Publishing.Lanes;
using Banking.Publishing.Outbox;
using Marten;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Wolverine;

namespace Banking.Publishing;

/// <summary>The front door of the module: how what is committed reaches the world.</summary>
public static class PublishingModule
{
    /// <summary>The schema of its tables.</summary>
    public const string Schema = "publishing";

    /// <summary>The topic and the exchange that events go to, where nothing else is configured.</summary>
    public const string DefaultName = "banking.events";

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
            .AddSingleton(new ChannelNames(section["Kafka:Topic"] ?? DefaultName, section["RabbitMq:Exchange"] ?? DefaultName))
            .AddSingleton<ContractCatalogue>()
            .AddSingleton<LogWatch>()
            .AddHostedService(p => p.GetRequiredService<LogWatch>())
            .AddSingleton<LaneStore>()
            .AddSingleton<LaneControl>()
            .AddSingleton<WaitingAccounts>()
            .AddSingleton<LaneSignals>()
            .AddSingleton<LaneMeter>()
            .AddSingleton<OutboxView>()
            .AddSingleton<OutboxDesk>()
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
    }
    /// <summary>What it serves to anybody: the contracts of what is published.</summary>
    public static void MapPublishing(this IEndpointRouteBuilder routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        ContractCatalogue.Map(routes);
    }
}
