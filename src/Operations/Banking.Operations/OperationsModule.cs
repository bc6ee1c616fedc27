using Banking.Operations.Features;
using Banking.Operations.ReadModels;
using Banking.Web;
using Banking.Web.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations;

/// <summary>Registers the module with the host: the API of operators. There is no console yet.</summary>
public sealed class OperationsModule : BankModule
{
    public override IReadOnlyList<ProblemType> Problems => ReadModelProblems.All;

    public override IReadOnlyList<(string Name, string Description)> Tags { get; } =
    [
        ("Operations", "What operators see and do: read models, publication, dead letters."),
    ];

    public override IReadOnlyList<(string Path, string Description)> PathParameters { get; } =
    [
        ("/ops/accounts/{account}", "The id or number of the account."),
        ("/ops/projections/{name}", "The name of the read model, as GET /ops/projections shows it."),
    ];

    public override void AddServed(IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton<DifferenceViews>()
        .AddSingleton<ProjectionOperations>();
}
