using Banking.Web.Backups;
using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Web;

/// <summary>Registers the shared services of all endpoints: idempotency keys, command routes, waiting for a position.</summary>
public static class WebModule
{
    /// <summary>Idempotent SQL of objects that are not documents.</summary>
    public static IReadOnlyList<string> Sql { get; } = [RequestKeyStore.Create];

    public static IServiceCollection AddWeb(this IServiceCollection services) => services
        .AddSingleton<InFlightKeys>()
        .AddSingleton<RequestKeyStore>()
        .AddSingleton<RequestKeys>()
        .AddSingleton<CommandRoute>()
        .AddSingleton<BatchRoute>();

    /// <summary>Registers the services of a host that serves the bank.</summary>
    public static IServiceCollection AddServedWeb(this IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton<MinPosition>()
        .AddSingleton<SeenActors>()
        .AddSingleton<BackupWatch>()
        .AddSingleton(EventStreamSettings.Of(configuration))
        .AddSingleton<EventStreams>();
}
