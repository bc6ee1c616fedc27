using Banking.Audit.ReadModels;
using Banking.Platform;
using Banking.Platform.ReadModels;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Audit;

/// <summary>The front door of the module: what the host needs to know of it. It owns no streams; it reads what all modules store.</summary>
public sealed class AuditModule : BankModule
{
    /// <summary>The schema of its tables.</summary>
    public const string Schema = "audit";

    public override void AddStored(IServiceCollection services) => services
        .AddSingleton<ReadModel, AuditModel>();
}
