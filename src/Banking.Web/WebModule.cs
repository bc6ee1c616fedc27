using Banking.Web.Commands;
using Banking.Web.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Web;

/// <summary>Registration of what all endpoints share: keys, command routes, waiting for a position.</summary>
public static class WebModule
{
    /// <summary>SQL objects that are not documents. Idempotent.</summary>
    public static IReadOnlyList<string> Sql { get; } = [RequestKeyStore.Create];

    public static IServiceCollection AddWeb(this IServiceCollection services) => services
        .AddSingleton<InFlightKeys>()
        .AddSingleton<RequestKeyStore>()
        .AddSingleton<RequestKeys>()
        .AddSingleton<CommandRoute>()
        .AddSingleton<BatchRoute>();

    /// <summary>What only a host that serves the bank needs.</summary>
    public static IServiceCollection AddServedWeb(this IServiceCollection services) => services.AddSingleton<MinPosition>();
}
