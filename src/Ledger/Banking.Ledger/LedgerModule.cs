using Banking.Ledger.ReadModels;
using Banking.Platform.ReadModels;
using Microsoft.Extensions.DependencyInjection;
using Wolverine;

namespace Banking.Ledger;

/// <summary>The front door of the module: what the host needs to know of it. It owns no streams; its journal is derived from the accounts' events.</summary>
public static class LedgerModule
{
    /// <summary>The schema of its tables.</summary>
    public const string Schema = "ledger";

    public static IServiceCollection AddLedger(this IServiceCollection services) => services
        .AddSingleton<ReadModel, LedgerModel>()
        .AddSingleton<GlBalances>();

    public static void AddLedger(this WolverineOptions wolverine)
    {
        ArgumentNullException.ThrowIfNull(wolverine);
        wolverine.Discovery.IncludeAssembly(typeof(LedgerModule).Assembly);
    }
}
