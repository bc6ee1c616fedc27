using Banking.Audit.ReadModels;
using Banking.Platform.ReadModels;
using Microsoft.Extensions.DependencyInjection;
using Wolverine;

namespace Banking.Audit;

/// <summary>The front door of the module: what the host needs to know of it. It owns no streams; it reads what all modules store.</summary>
public static class AuditModule
{
    /// <summary>The schema of its tables.</summary>
    public const string Schema = "audit";

    public static IServiceCollection AddAudit(this IServiceCollection services) => services
        .AddSingleton<ReadModel, AuditModel>();

    public static void AddAudit(this WolverineOptions wolverine)
    {
        ArgumentNullException.ThrowIfNull(wolverine);
        wolverine.Discovery.IncludeAssembly(typeof(AuditModule).Assembly);
    }
}
