using Banking.Commands.Periods;
using Banking.Ledger.Explaining;
using Banking.Ledger.ReadModels;
using Banking.ReadModels.Books;
using Banking.Web;
using Banking.Web.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Ledger;

/// <summary>
/// Registers the module with the host. It has no streams; its journal is derived from the events of accounts.
/// </summary>
public sealed class LedgerModule : BankModule
{
    /// <summary>The database schema of the module.</summary>
    public const string Schema = "ledger";

    public override IReadOnlyList<ProblemType> Problems => LedgerProblems.All;

    public override IReadOnlyList<(string Name, string Description)> Tags { get; } =
    [
        ("Ledger", "The general ledger: chart of accounts, journal, trial balance and balance sheet."),
    ];

    public override IReadOnlyList<(string Path, string Description)> PathParameters { get; } =
    [
        ("/v1/ledger/accounts/{account}", "The account of the general ledger, such as cash."),
    ];

    public override void AddStored(IServiceCollection services) => services
        .AddSingleton<IPeriodTotals, PeriodTotals>()
        .AddSingleton(new LedgerModel())
        .AddSingleton<ReadModel>(p => p.GetRequiredService<LedgerModel>());

    public override void AddServed(IServiceCollection services, IConfiguration configuration) => services
        .AddSingleton<IPeriodCheck, SumsCheck>()
        .AddSingleton<GlBalances>()
        .AddSingleton<LineExplanation>()
        .AddSingleton<LineMistakes>();
}
