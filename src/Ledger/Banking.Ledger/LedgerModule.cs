using Banking.Ledger.ReadModels;
using Banking.Platform;
using Banking.Platform.ReadModels;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Ledger;

/// <summary>
/// The front door of the module: what the host needs to know of it. It owns no streams; its journal is derived from the accounts' events.
/// </summary>
public sealed class LedgerModule : BankModule
{
    /// <summary>The schema of its tables.</summary>
    public const string Schema = "ledger";

    public override void AddStored(IServiceCollection services) => services
        .AddSingleton<ReadModel, LedgerModel>();

    public override void AddServed(IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton<GlBalances>();
}
