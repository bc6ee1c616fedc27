using Banking.Operations.ReadModels;
using Banking.Platform;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations;

/// <summary>The front door of the module: what operators see and do, without a console of their own yet.</summary>
public sealed class OperationsModule : BankModule
{
    public override void AddServed(IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton<ProjectionDesk>();
}
