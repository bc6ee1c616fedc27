using Banking.EventStore.Published;
using Banking.ReadModels.Comparing;
using Banking.Web.Backups;
using Banking.Web.Commands;
using Banking.Web.Http;
using Marten;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Web;

/// <summary>Registers the shared services of all endpoints: idempotency keys, command routes, waiting for a position.</summary>
public static class WebModule
{
    /// <summary>Idempotent SQL of objects that are not documents.</summary>
    public static IReadOnlyList<string> Sql { get; } = [RequestKeyStore.Create];

    /// <summary>Registers the events.</summary>
    public static void AddWeb(this StoreOptions store)
    {
        store.Events.MapEventType<RestoreDrilled>(RestoreDrills.EventName);
        store.Events.MapEventType<BackupRequested>(BackupRequested.EventName);
    }

    public static IServiceCollection AddWeb(this IServiceCollection services) => services
        .AddSingleton<InFlightKeys>()
        .AddSingleton<RequestKeyStore>()
        .AddSingleton<RequestKeys>()
        .AddSingleton<RestoreDrills>()
        .AddSingleton(new StreamKind(RestoreDrills.StreamType, [RestoreDrills.EventName, BackupRequested.EventName], HasReceipts: false))
        .AddSingleton(new PublicStream(RestoreDrills.StreamType, "bkp"))
        .AddSingleton<CommandRoute>()
        .AddSingleton<BatchRoute>();

    /// <summary>Registers the services of a host that serves the bank.</summary>
    public static IServiceCollection AddServedWeb(this IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton<KnownPosition>()
        .AddSingleton<MinPosition>()
        .AddSingleton<SeenActors>()
        .AddSingleton<BackupWatch>()
        .AddSingleton<BackupRequests>()
        .AddSingleton(EventStreamSettings.Of(configuration))
        .AddSingleton<EventStreams>();
}
