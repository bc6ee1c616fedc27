using Banking.Operations.Features;
using Banking.Web;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations;

/// <summary>Registers the module with the host: the API of operators. There is no console yet.</summary>
public sealed class OperationsModule : BankModule
{
    public override void AddServed(IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton<ProjectionOperations>();
}
