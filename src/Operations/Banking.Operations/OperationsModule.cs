using Banking.Operations.ReadModels;
using Microsoft.Extensions.DependencyInjection;
using Wolverine;

namespace Banking.Operations;

/// <summary>The front door of the module: what operators see and do, without a console of their own yet.</summary>
public static class OperationsModule
{
    public static IServiceCollection AddOperations(this IServiceCollection services) => services
        .AddSingleton<ProjectionDesk>();

    public static void AddOperations(this WolverineOptions wolverine)
    {
        ArgumentNullException.ThrowIfNull(wolverine);
        wolverine.Discovery.IncludeAssembly(typeof(OperationsModule).Assembly);
    }
}
